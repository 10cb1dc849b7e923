#!/usr/bin/env bash
# Makes a virtual environment from a hashed lock file: tools/setup.sh FOLDER LOCK. Does nothing if it is up to date.
# The lock is the whole closure, so nothing is resolved: an older pip takes an extra of a locked package (`coverage[toml]`)
# for another requirement, and refuses it as soon as a newer release exists. What was installed is checked afterwards.
# PYTHON names the Python to take; SETUP_PIP=newest takes the newest pip instead of the one that it bundles;
# SETUP_COMPILE=--no-compile saves the time for bytecode.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1 lock=$2

find_python() {
  local candidate candidates=(python3 python3.12 python3.13 python3.11 python3.10 python)
  [ -z "${PYTHON:-}" ] || candidates=("$PYTHON")
  for candidate in "${candidates[@]}"; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  echo "error: Python 3.10 to 3.13 is needed; set PYTHON to one${PYTHON:+ (it is $PYTHON)}" >&2
  return 1
}

python=$(find_python)
wanted="$("$python" -c 'import sys; print(sys.version)') $(cksum < "$lock")"
[ "$(cat "$folder/.made-from" 2>/dev/null)" = "$wanted" ] && exit 0
echo "setting up $folder from $lock" >&2
rm -rf "$folder"
"$python" -m venv "$folder"
pip() { "$folder/bin/python" -m pip --disable-pip-version-check --no-input "$@"; }
[ "${SETUP_PIP:-}" != newest ] || pip install --quiet --upgrade pip
pip install --quiet --no-deps --require-hashes --only-binary=:all: ${SETUP_COMPILE:-} -r "$lock"
if [ "$lock" = requirements-dev.lock ]; then
  pip install --quiet --no-deps --no-build-isolation -e .
fi
pip check >&2
echo "$wanted" > "$folder/.made-from"
