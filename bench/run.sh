#!/usr/bin/env bash
# Builds the zips and the peers' own environments (once), then measures. Arguments go to `python -m bench`.
set -euo pipefail
cd "$(dirname "$0")/.."
work=build/bench
python=${PYTHON:-.venv/bin/python}
mkdir -p "$work"
"$python" -m tools.package --out "$work" >&2
rm -rf "$work"/code-*
peer() { # NAME PYTHON LOCK
  PYTHON=$2 tools/setup.sh "$work/$1" "$3" >&2 ||
    { echo "bench: $1 could not be installed, it is left out" >&2; rm -rf "${work:?}/$1"; }
}
for version in 3.10 3.12; do
  found=$("$python" -c "from tools.package_wheels import find_python; print(find_python('$version') or '')")
  [ -z "$found" ] || peer "sdk-$version" "$found" bench/peers/sdk.lock
  [ -z "$found" ] || peer "package-$version" "$found" requirements.lock
done
peer c7n "$("$python" -c 'import sys; print(sys.executable)')" bench/peers/c7n.lock
exec "$python" -m bench --work "$work" "$@"
