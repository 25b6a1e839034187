#!/usr/bin/env bash
# Makes the environment of the Python judges, where it is not there already or of other versions.
# Needs python3 with its module venv (Debian: python3 python3-venv).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/../../../target}
environment=$target/outside/python

if cmp -s "$here/requirements.txt" "$environment/requirements.txt"; then
    exit 0
fi
rm -rf "$environment"
python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
    --requirement "$here/requirements.txt"
# Last: a run that was cut off begins again.
cp "$here/requirements.txt" "$environment/requirements.txt"
