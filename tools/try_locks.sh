#!/usr/bin/env bash
# Installs every lock file with each Python that is named: tools/try_locks.sh PYTHON...
# once with the pip that the Python bundles and once with the newest (PIPS names one of them). `pip check` is part of it
# where packages are there whole.
# Ends with 1 if one failed.
set -uo pipefail
cd "$(dirname "$0")/.."

try() { # PYTHON PIP LOCK
  local work began=$SECONDS status=0
  work=$(mktemp -d)
  PYTHON=$1 SETUP_PIP=$2 SETUP_COMPILE=--no-compile tools/setup.sh "$work/venv" "$3" >"$work/log" 2>&1 </dev/null || status=1
  if [ $status = 0 ]; then
    echo "ok      $("$work/venv/bin/python" -m pip --version | sed -E 's/^(pip [^ ]+).*python ([^)]+).*/Python \2  \1/')  $3  $((SECONDS - began)) s"
  else
    echo "FAILED  $1  $2 pip  $3"
    tail -n 5 "$work/log"
  fi
  rm -rf "$work"
  return $status
}

if [ "${1:-}" = --one ]; then
  shift
  try "$@"
  exit
fi

[ $# -gt 0 ] || { echo "usage: tools/try_locks.sh PYTHON..." >&2; exit 2; }
for python; do
  for lock in requirements*.lock bench/peers/*.lock tests/environments/*.lock; do
    for pip in ${PIPS:-bundled newest}; do printf '%s\0' "$python" "$pip" "$lock"; done
  done
done | xargs -P "$(nproc 2>/dev/null || echo 2)" -0 -n 3 tools/try_locks.sh --one
