#!/usr/bin/env bash
# Builds the wheel of this checkout: tools/wheel.sh [FOLDER] (default dist). What builds it is locked too; PYTHON as in setup.sh.
set -euo pipefail
folder=${1:-dist}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
cd "$(dirname "$0")/.."
tools/setup.sh build/wheel requirements-build.lock
rm -f "$folder"/port_compliance-*.whl
# What pip would call for the same bytes, without pip.
said=$(build/wheel/bin/python -m hatchling build --target wheel --directory "$folder" 2>&1) || {
  echo "$said" >&2
  exit 1
}
ls "$folder"/port_compliance-*.whl
