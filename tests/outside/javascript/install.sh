#!/usr/bin/env bash
# Puts the CRMs' own clients below the target directory, as package-lock.json has them; nothing
# where they are there. Needs node 18 or later and npm.
set -euo pipefail
cd "$(dirname "$0")/../../.."

target=${CARGO_TARGET_DIR:-target}
folder=$target/outside/javascript
mkdir -p "$folder"
# The scripts stand beside the packages that they import.
cp tests/outside/javascript/*.mjs tests/outside/javascript/package*.json "$folder"
cp tests/outside/javascript/.npmrc "$folder"
if ! cmp -s "$folder/package-lock.json" "$folder/installed.json"; then
    (cd "$folder" && npm ci)
    cp "$folder/package-lock.json" "$folder/installed.json"
fi
