#!/usr/bin/env bash
# The schemas of Terraform's providers, read once more from their bindings; then serverless.yml in a Serverless Framework
# that needs no account: osls, the maintained version 3.
# Huawei's plugin is not on npm any more: print and package work on a copy without the `plugins:` key, and the documented
# commands run with a stand-in of the plugin (tests/deploy/plugin).
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=build/deploy

echo "== the schemas of Terraform's providers, from the bindings on the package index" >&2
environment=build/environments/terraform
SETUP_COMPILE=--no-compile tools/setup.sh "$environment" tests/environments/terraform.lock
if [ ! -d "$folder/bindings" ]; then
  rm -rf "$folder/bindings.new"
  "$environment/bin/python" -m pip --disable-pip-version-check download --quiet --no-deps --no-build-isolation --require-hashes \
    -d "$folder/bindings.new" -r tests/deploy/bindings.txt
  mv "$folder/bindings.new" "$folder/bindings"
fi
"$environment/bin/python" -m tests.deploy.bindings "$folder/bindings" | cmp - tests/deploy/provider_schemas.json

command -v npm >/dev/null || { echo "skipped: npm is not installed" >&2; exit 0; }

wanted=$(cksum < tests/deploy/package-lock.json)
if [ "$(cat "$folder/.made-from" 2>/dev/null)" != "$wanted" ]; then
  echo "installing osls" >&2
  mkdir -p "$folder"
  cp tests/deploy/package.json tests/deploy/package-lock.json "$folder/"
  npm ci --prefix "$folder" --ignore-scripts --no-fund --no-audit --loglevel=error </dev/null
  echo "$wanted" > "$folder/.made-from"
fi
osls=$(sed -n 's/.*"osls": "\(.*\)".*/\1/p' tests/deploy/package.json)

service="$folder/service"
rm -rf "$service"
mkdir -p "$service"
awk '/^plugins:/ { skip = 1; next } /^[^ #-]/ { skip = 0 } !skip' serverless.yml > "$service/serverless.yml"
cd "$service"
export SLS_NOTIFICATIONS_MODE=off SLS_TELEMETRY_DISABLED=1 WEBHOOK_URL=https://hooks.example.org/canary

echo "== osls print" >&2
../node_modules/.bin/osls print | tee printed.yml | grep -E 'runtime|triggerTypeCode|codeUri|schedule:'
grep -q 'triggerTypeCode: TIMER' printed.yml && grep -q 'name: huawei' printed.yml
echo "== osls package" >&2
../node_modules/.bin/osls package
test -s .serverless/port-compliance.zip
echo "== a broken service name and a missing secret must not pass" >&2
sed 's/^service: .*/service: "not a name!"/' serverless.yml > broken.yml
if ../node_modules/.bin/osls print --config broken.yml >/dev/null 2>&1; then
  echo "error: osls accepted a broken service name" >&2
  exit 1
fi
if env -u WEBHOOK_URL ../node_modules/.bin/osls print >/dev/null 2>&1; then
  echo "error: osls accepted a secret that is not set" >&2
  exit 1
fi

echo "== the documented commands, with a stand-in of the plugin" >&2
cd ../../..
documented="$folder/documented"
rm -rf "$documented"
mkdir -p "$documented/build/function" "$documented/bin"
cp serverless.yml "$documented/"
touch "$documented/build/function/index.py"
plugin="$PWD/$folder/node_modules/serverless-huawei-functions"
rm -rf "$plugin"
cp -r tests/deploy/plugin "$plugin"
trap 'rm -rf "$plugin"' EXIT
commands=$(grep -hoE '^(#  |   ) .*\bserverless (deploy|remove).*' serverless.yml docs/deploy.md | sed 's/^# *//')
cd "$documented"
ln -s ../../node_modules/.bin/osls bin/serverless
while read -r command; do
  echo "\$ $command" >&2
  said=$(PATH="$PWD/bin:$PATH" bash -euo pipefail -c "$command" </dev/null)
  [[ $said == *"deploy port-compliance in ap-southeast-3"* ]] || { echo "error: it said: $said" >&2; exit 1; }
done <<< "$commands"
if bin/serverless deploy --region ap-southeast-3 </dev/null >/dev/null 2>&1; then
  echo "error: osls takes --region now; the documents may use it again" >&2
  exit 1
fi
echo "serverless.yml passes print and package of osls $osls"
