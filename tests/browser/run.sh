#!/bin/sh
# Installs the browser tests' packages from their lock file, then runs them. Needs node, npm and Debian's chromium.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
npm ci --ignore-scripts --no-audit --no-fund
cd "$here/../.."
exec "${PYTHON:-python}" -m pytest -m real tests/formats/test_html_report_browser.py tests/formats/test_machines.py "$@"
