#!/usr/bin/env bash
# Installs Debian's Chromium for the tests in a browser. Everything else comes from npm.
set -euo pipefail

if [[ -n ${CHROMIUM:-} ]] || command -v chromium >/dev/null; then
    exit 0
fi
run=()
((EUID == 0)) || run=(sudo -n)
"${run[@]}" apt-get update -qq
"${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
