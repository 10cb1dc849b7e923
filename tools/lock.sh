#!/usr/bin/env bash
# Rewrites the hashed lock files for Python 3.10-3.13. They hold no host names: only names, versions and hashes.
set -eu
cd "$(dirname "$0")/.."
uv="${UV:-uv}"
compile() { "$uv" pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@"; }
compile pyproject.toml -o requirements.lock
compile --extra obs pyproject.toml -o requirements-zip.lock
compile --extra simulator pyproject.toml -o requirements-demo.lock
compile --extra dev pyproject.toml -o requirements-dev.lock
