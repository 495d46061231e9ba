#!/usr/bin/env bash
# Fetch again what api/static serves of others: GraphiQL and React, and the Arabic font.
# Pages load nothing from other hosts, so these files lie in the repository. To renew one, change
# its version here and in the README.md beside the files, run this, and put the new hashes there
# (tests/shape/test_vendored_assets.py compares them).
set -euo pipefail
cd "$(dirname "$0")/.."

graphiql=api/static/graphiql
fonts=api/static/fonts
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

unpack() { # unpack PACKAGE VERSION -> $work/<package's own name>
  local target="$work/${1##*/}"
  mkdir -p "$target"
  local archive
  archive=$(npm pack --silent --pack-destination "$work" "$1@$2")
  tar --extract --no-same-owner --strip-components=1 --file "$work/$archive" --directory "$target"
}

unpack graphiql 4.1.2
unpack react 18.3.1
unpack react-dom 18.3.1
unpack codemirror 5.65.20
unpack graphql 16.11.0
unpack @fontsource/ibm-plex-sans-arabic 5.3.0

cp "$work/graphiql/graphiql.min.js" "$graphiql/"
cp "$work/react/umd/react.production.min.js" "$work/react-dom/umd/react-dom.production.min.js" \
  "$graphiql/"
# Without the 36 fonts inside it the style sheet is a tenth as large.
python3 - "$work/graphiql/graphiql.min.css" "$graphiql/graphiql.min.css" <<'SCRIPT'
import pathlib, re, sys

source, target = map(pathlib.Path, sys.argv[1:])
target.write_text(re.sub(r"@font-face\s*\{[^}]*\}\s*", "", source.read_text()))
SCRIPT
for package in graphiql react codemirror graphql; do
  cp "$work/$package/LICENSE" "$graphiql/LICENSE.$package"
done

for subset in arabic latin; do
  for weight in 400 600; do
    cp "$work/ibm-plex-sans-arabic/files/ibm-plex-sans-arabic-$subset-$weight-normal.woff2" "$fonts/"
  done
done
cp "$work/ibm-plex-sans-arabic/LICENSE" "$fonts/LICENSE.txt"
chmod 644 "$graphiql"/* "$fonts"/*
(cd api/static && sha256sum graphiql/*.min.* graphiql/LICENSE.* fonts/*.woff2 fonts/LICENSE.txt)
