#!/usr/bin/env bash
# Put a Chromium for the tests under node_modules/.chromium, without root and without a browser
# vendor's download: the npm package carries the program itself, compressed.
# Called by `make browser`, which puts node and npm of .venv on PATH. tests/support/browser.py
# knows this place. A machine the package does not fit falls back on Debian's chromium.
set -euo pipefail
cd "$(dirname "$0")/.."

package=node_modules/@sparticuz/chromium/bin
place=node_modules/.chromium

works() { # a browser that cannot say its version lacks a library, or is of another machine
  LD_LIBRARY_PATH="$place/lib" "$1" --version >/dev/null 2>&1
}

npm ci --ignore-scripts --no-audit --no-fund --loglevel=error

rm -rf "$place"
mkdir -p "$place/fonts"
node --input-type=module - "$package" "$place" <<'SCRIPT'
import { createReadStream, createWriteStream, readdirSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

const [source, target] = process.argv.slice(2);
for (const name of readdirSync(source).filter((name) => name.endsWith(".br"))) {
  await pipeline(
    createReadStream(`${source}/${name}`),
    createBrotliDecompress(),
    createWriteStream(`${target}/${name.slice(0, -".br".length)}`),
  );
}
SCRIPT
for archive in "$place"/*.tar; do
  tar --extract --no-same-owner --file "$archive" --directory "$place"
  rm "$archive"
done
chmod 755 "$place/chromium"

# The package's own fonts.conf names the directories of another kind of host.
cat > "$place/fonts.conf" <<'CONF'
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
CONF

if works "$place/chromium"; then
  exit 0
fi

rm -rf "$place"
if command -v chromium >/dev/null && works chromium; then
  exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium
  exit 0
fi
echo "No browser for the tests: the npm package has none for this machine ($(uname -m)), and" >&2
echo "there is no chromium on PATH. Ask the administrator to install the chromium package." >&2
exit 1
