#!/usr/bin/env bash
# serverless.yml in a Serverless Framework that needs no account: osls, the maintained version 3.
# Huawei's plugin is not on npm any more, so this works on a copy without the `plugins:` key.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=build/deploy
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
../node_modules/.bin/osls print --region ap-southeast-3 | tee printed.yml | grep -E 'runtime|triggerTypeCode|codeUri|schedule:'
grep -q 'triggerTypeCode: TIMER' printed.yml && grep -q 'name: huawei' printed.yml
echo "== osls package" >&2
../node_modules/.bin/osls package --region ap-southeast-3
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
echo "serverless.yml passes print and package of osls $osls"
