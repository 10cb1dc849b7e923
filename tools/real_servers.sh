#!/bin/sh
# Install the S3 servers of the tests marked "real" into a folder of their own, and print the variables that name them.
# Usage: eval "$(sh tools/real_servers.sh FOLDER)"; redis-server and alertmanager come from Debian.
set -eu
folder=${1:?usage: real_servers.sh FOLDER}
mkdir -p "$folder/s3rver"
folder=$(cd "$folder" && pwd)
[ -x "$folder/moto/bin/moto_server" ] || {
    python3 -m venv "$folder/moto"
    "$folder/moto/bin/pip" install --quiet 'moto[s3,iam,server]>=5.2.5' >&2
}
[ -x "$folder/s3rver/node_modules/.bin/s3rver" ] || npm install --silent --prefix "$folder/s3rver" s3rver >&2
echo "export MOTO_SERVER='$folder/moto/bin/moto_server'"
echo "export S3RVER='$folder/s3rver/node_modules/.bin/s3rver'"
