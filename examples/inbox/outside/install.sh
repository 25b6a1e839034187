#!/usr/bin/env bash
# What these tests need: Debian's Chromium with its driver; axe-core, and Twilio's own Python package,
# below target/.
set -euo pipefail
cd "$(dirname "$0")/../../.."

axe_version=4.14.1
axe=${CARGO_TARGET_DIR:-target}/outside/axe

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

packages=()
# Where there is a driver, there is the browser that it finds: Chrome, elsewhere than in Debian.
command -v chromedriver >/dev/null || packages+=(chromium chromium-driver)
command -v npm >/dev/null || packages+=(npm)
if [ ${#packages[@]} -gt 0 ]; then
    as_root apt-get update -q
    as_root apt-get install -q -y --no-install-recommends "${packages[@]}"
fi

if ! grep -q "\"version\": \"$axe_version\"" "$axe/node_modules/axe-core/package.json" 2>/dev/null; then
    mkdir -p "$axe"
    npm install --prefix "$axe" --no-save --no-audit --no-fund --ignore-scripts \
        "axe-core@$axe_version"
fi

tests/outside/python/install.sh
