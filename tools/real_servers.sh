#!/bin/sh
# Install the S3 servers of the tests marked "real" into a folder of their own, and print the variables that name them.
# Usage: eval "$(sh tools/real_servers.sh FOLDER)"; redis-server and alertmanager come from Debian. Ends with 1 if one
# could not be installed, after printing the other.
set -eu
folder=${1:?usage: real_servers.sh FOLDER}
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$folder/s3rver"
folder=$(cd "$folder" && pwd)
missing=0
if "$root/tools/setup.sh" "$folder/moto" tests/environments/moto.lock </dev/null >&2; then
    echo "export MOTO_SERVER='$folder/moto/bin/moto_server'"
else
    echo "moto: not installed" >&2
    missing=1
fi
cp "$root"/tests/environments/s3rver/package*.json "$folder/s3rver/"
if [ -x "$folder/s3rver/node_modules/.bin/s3rver" ] ||
    npm ci --prefix "$folder/s3rver" --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >&2; then
    echo "export S3RVER='$folder/s3rver/node_modules/.bin/s3rver'"
else
    echo "s3rver: not installed" >&2
    missing=1
fi
exit $missing
