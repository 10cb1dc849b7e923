#!/usr/bin/env bash
# Runs targets of the Makefile in a fresh copy of what git knows here, with a Python that is named:
# tools/try_fresh.sh PYTHON [TARGET...] (default: demo test).
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:?usage: tools/try_fresh.sh PYTHON [TARGET...]}
shift
[ $# -gt 0 ] || set -- demo test
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git -c safe.directory="$PWD" ls-files -z --cached --others --exclude-standard |
  tar --null --ignore-failed-read --files-from=- --create | tar -x -C "$work"
for target; do
  make -C "$work" --no-print-directory "$target" PYTHON="$python" </dev/null
done
