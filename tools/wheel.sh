#!/usr/bin/env bash
# Builds the wheel of this checkout: tools/wheel.sh [FOLDER] (default dist). What builds it is locked too; PYTHON as in setup.sh.
set -euo pipefail
folder=${1:-dist}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
cd "$(dirname "$0")/.."
tools/setup.sh build/wheel requirements-build.lock
rm -f "$folder"/port_compliance-*.whl
build/wheel/bin/python -m pip wheel --quiet --no-deps --no-build-isolation --disable-pip-version-check --wheel-dir "$folder" .
ls "$folder"/port_compliance-*.whl
