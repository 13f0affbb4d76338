#!/bin/sh
# Fetches what package-lock.json pins, and puts here the files that a browser is given.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$here/package.json" "$here/package-lock.json" "$folder"
npm ci --prefix "$folder" --ignore-scripts --loglevel error --no-audit --no-fund >/dev/null
cp "$folder/node_modules/turndown/lib/turndown.browser.es.js" "$here/turndown.js"
cp "$folder/node_modules/turndown/LICENSE" "$here/turndown-LICENSE.txt"
