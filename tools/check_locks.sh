#!/usr/bin/env bash
# Fails if a lock file holds a host name or a package without a hash, or if one of the product's holds boto3 or botocore.
set -euo pipefail
cd "$(dirname "$0")/.."

for lock in requirements*.lock; do
  if grep -niE '^(boto3|botocore|aiobotocore|s3transfer)\b' "$lock"; then
    echo "error: $lock: boto3 and botocore must not be in the dependency tree" >&2
    exit 1
  fi
done
for lock in requirements*.lock bench/peers/*.lock tests/environments/*.lock; do
  if grep -nE '://|--(extra-)?index-url|--find-links' "$lock"; then
    echo "error: $lock: a lock file names no host" >&2
    exit 1
  fi
  if [ "$(grep -cE '^[a-zA-Z0-9]' "$lock")" -gt "$(grep -cE '^[a-zA-Z0-9].*\\$' "$lock")" ]; then
    echo "error: $lock: every package needs a hash" >&2
    exit 1
  fi
done
for lock in tests/*/package-lock.json tests/environments/*/package-lock.json; do
  if grep -n '"resolved"' "$lock"; then
    echo "error: $lock: a lock file names no host (npm install --omit-lockfile-registry-resolved)" >&2
    exit 1
  fi
done
echo "lock files: no boto3, no host names, all hashed"
