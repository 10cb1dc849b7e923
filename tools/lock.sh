#!/usr/bin/env bash
# Rewrites the hashed lock files for Python 3.10-3.13: tools/lock.sh [LOCK...], all of them by default. What is locked keeps
# its version (delete a lock to renew it). They hold no host names: only names, versions and hashes. UV names uv.
set -euo pipefail
cd "$(dirname "$0")/.."
uv="${UV:-uv}"

compile() { # LOCK SOURCE...
  "$uv" pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --no-emit-find-links --output-file "$@"
}

lock() {
  case $1 in
    requirements.lock) compile "$1" pyproject.toml ;;
    requirements-zip.lock) compile "$1" pyproject.toml --extra obs ;;
    requirements-container.lock) compile "$1" pyproject.toml --extra obs --extra redis ;;
    requirements-demo.lock) compile "$1" pyproject.toml --extra simulator ;;
    requirements-dev.lock) compile "$1" pyproject.toml --extra dev ;;
    requirements-pip.lock) echo pip | compile "$1" - ;;
    requirements-build.lock) sed -n 's/^requires = \["\(.*\)"\]$/\1/p' pyproject.toml | compile "$1" - ;;
    tests/environments/openyuanrong.lock | tests/environments/validator.lock) # most of what they ask for is not used
      compile "$1" "${1%.lock}.in" --no-deps ;;
    *) compile "$1" "${1%.lock}.in" ;;
  esac
}

[ $# -gt 0 ] || set -- requirements*.lock bench/peers/*.lock tests/environments/*.lock
for each; do lock "$each"; done
