#!/bin/sh
# Checks rendered messages against the targets' own TypeScript types and the Adaptive Cards renderer.
# Usage: run.sh [PYTHON] [FOLDER FOR PICTURES]. Installs the packages of package.json below build/oracles (nothing is committed).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${1:-python3}
pictures=${2:+$(cd "$2" && pwd)}
work="$here/../../build/oracles"
command -v node >/dev/null || { echo "skipped: node is not installed"; exit 0; }
mkdir -p "$work"
work=$(cd "$work" && pwd)
wanted=$(cksum < "$here/package-lock.json")
if [ "$(cat "$work/.made-from" 2>/dev/null)" != "$wanted" ]; then
    cp "$here/package.json" "$here/package-lock.json" "$work/"
    (cd "$work" && npm ci --legacy-peer-deps --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null)
    echo "$wanted" >"$work/.made-from"
fi
rm -rf "$work/checks"
"$python" "$here/render.py" "$work/checks"
cd "$work"
node_modules/.bin/tsc --noEmit --strict --skipLibCheck --module nodenext --moduleResolution nodenext --target es2022 \
    --types node checks/*.ts
echo "tsc: every message satisfies its target's types"
node "$here/card.cjs" "$work" ${pictures:+"$pictures"}
