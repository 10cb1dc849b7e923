#!/usr/bin/env bash
# Makes a virtual environment from a hashed lock file: tools/setup.sh FOLDER LOCK. Does nothing if it is up to date.
# The lock is the whole closure, so nothing is resolved: an older pip takes an extra of a locked package (`coverage[toml]`)
# for another requirement, and refuses it as soon as a newer release exists. What was installed is checked afterwards.
# What the patterns of a file like it that ends in .without name is left out of the packages.
# PYTHON names the Python to take; the pip is that of requirements-pip.lock, or what the Python bundles where no index has
# that one; SETUP_PIP=bundled or newest takes another; SETUP_COMPILE=--no-compile saves the time for bytecode.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1 lock=$2 left_out=${2%.lock}.without

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

pip() { PYTHONDONTWRITEBYTECODE='' "$folder/bin/python" -m pip --disable-pip-version-check --no-input "$@"; }
locked=(--quiet --no-deps --require-hashes --only-binary=:all:)

make_with_locked_pip() { # by a pip that is there, or the bundled one run from its wheel: installing that first costs more
  local version wheel quiet=(--disable-pip-version-check --no-input)
  local get=(install "${locked[@]}" --no-compile -r requirements-pip.lock)
  version=$(sed -n 's/^pip==\([^ ]*\).*/\1/p' requirements-pip.lock)
  "$python" -m venv --without-pip "$folder"
  if compgen -G "$folder/lib/python*/site-packages/pip-$version.dist-info" >/dev/null; then
    return # the Python is one that gives it
  fi
  if "$python" -c 'import pip, sys; sys.exit(tuple(map(int, pip.__version__.split(".")[:2])) < (22, 3))' 2>/dev/null; then
    "$python" -m pip --python "$folder/bin/python" "${quiet[@]}" "${get[@]}"
  else
    wheel=$("$python" -c 'import ensurepip, pathlib; print(*pathlib.Path(ensurepip.__file__).parent.glob("_bundled/pip-*.whl"))')
    [ -f "$wheel" ] && PYTHONPATH=$wheel "$folder/bin/python" -m pip "${quiet[@]}" "${get[@]}"
  fi
}

make_with_bundled_pip() {
  rm -rf "$folder"
  "$python" -m venv "$folder"
}

python=$(find_python)
made_from=("$lock" requirements-pip.lock)
[ ! -f "$left_out" ] || made_from+=("$left_out")
wanted="$("$python" -c 'import sys; print(sys.version)') $(cat "${made_from[@]}" | cksum)"
[ "$(cat "$folder/.made-from" 2>/dev/null)" = "$wanted" ] && exit 0
echo "setting up $folder from $lock" >&2
rm -rf "$folder"
case ${SETUP_PIP:-locked} in
  locked) make_with_locked_pip >/dev/null 2>&1 || {
    echo "taking the pip that Python bundles: that of requirements-pip.lock cannot be had here" >&2
    make_with_bundled_pip
  } ;;
  *) make_with_bundled_pip ;;
esac
[ "${SETUP_PIP:-}" != newest ] || pip install --quiet --upgrade pip
if [ -f "$left_out" ]; then # no check: a package in part does not need all that it says
  pip download "${locked[@]}" --dest "$folder/wheels" -r "$lock"
  "$folder/bin/python" tools/unpack_wheels.py "$folder/wheels" "$left_out"
  rm -r "$folder/wheels"
else
  pip install "${locked[@]}" --no-compile -r "$lock"
  # Not what is machine code beside its sources (mypy), what pip and pytest (hypothesis) have compiled for themselves, and
  # what few import or none.
  [ "${SETUP_COMPILE:-}" = --no-compile ] ||
    "$folder/bin/python" -m compileall -qq \
      -x '/(coverage|dns|docutils|hypothesis|mypy|mypyc|pip|pydantic/v1|pygments/lexers|slack_sdk|tests?)/' \
      "$folder"/lib/python*/site-packages || true
  if [ "$lock" = requirements-dev.lock ]; then
    pip install --quiet --no-deps --no-build-isolation -e .
  fi
  pip check >&2
fi
echo "$wanted" > "$folder/.made-from"
