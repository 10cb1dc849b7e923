#!/bin/sh
# Logs in to a real Keystone: installs it from its lock (once), serves it on loopback, runs check_keystone.py against it.
# Usage: tests/keystone/run.sh [PYTHON]    KEYSTONE_VENV names an environment that has keystone, to save the install.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${1:-python3}
work=$(mktemp -d)
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT INT TERM

venv=${KEYSTONE_VENV:-}
if [ -z "$venv" ]; then
    venv=$here/../../build/environments/keystone
    PYTHON=$python "$here/../../tools/setup.sh" "$venv" tests/environments/keystone.lock
fi

mkdir "$work/fernet" "$work/credential"
cat >"$work/keystone.conf" <<EOF
[DEFAULT]
log_file = $work/keystone.log
[database]
connection = sqlite:///$work/keystone.db
[fernet_tokens]
key_repository = $work/fernet
[credential]
key_repository = $work/credential
[token]
provider = fernet
expiration = 3600
EOF
manage() { "$venv/bin/keystone-manage" --config-file "$work/keystone.conf" "$@" >>"$work/out" 2>&1 || { cat "$work/out" >&2; exit 1; }; }
me=$(id -un)
group=$(id -gn)
manage db_sync
manage fernet_setup --keystone-user "$me" --keystone-group "$group"
manage credential_setup --keystone-user "$me" --keystone-group "$group"
manage bootstrap --bootstrap-username reader --bootstrap-password "pass word/ü" --bootstrap-project-name eu-de \
    --bootstrap-region-id eu-de

OS_KEYSTONE_CONFIG_DIR=$work "$venv/bin/python" "$here/serve.py" "$work/port" >>"$work/out" 2>&1 &
server=$!
tries=0
until [ -s "$work/port" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 120 ] || ! kill -0 "$server" 2>/dev/null; then
        cat "$work/out" >&2
        exit 1
    fi
    sleep 0.5
done
echo "keystone $("$venv/bin/pip" show keystone 2>/dev/null | sed -n 's/^Version: //p') serves on 127.0.0.1:$(cat "$work/port")"
cd "$here/../.."
KEYSTONE_URL="http://127.0.0.1:$(cat "$work/port")" "$python" -m pytest tests/keystone/check_keystone.py -q -p no:cacheprovider -rA
