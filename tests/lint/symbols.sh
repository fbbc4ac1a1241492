#!/bin/sh
# SPDX-License-Identifier: ISC
# Proves that core is pure: what its objects ask of the outside is in the list
# core-symbols.txt and nothing else. A function of libsodium that allocates,
# calls the system or draws random bytes must not get onto that list.
# BUILD: the folder with the objects (default build).
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
list=tests/lint/core-symbols.txt
command -v nm >/dev/null || exit 77

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
set -- "$build"/src/core/*.o
[ -f "$1" ] || exit 0

# macOS puts an underscore before each name.
strip=
[ "$(uname -s)" = Darwin ] && strip='s/^_//'
nm -P "$@" 2>/dev/null | awk '$2 ~ /^[TDRBCVW]$/ { print $1 }' |
    sed "$strip" | sort -u >"$tmp/defined"
sed 's/[[:space:]]*#.*//; /^$/d' "$list" | cat - "$tmp/defined" |
    sort -u >"$tmp/allowed"

for object in "$@"; do
	nm -u -P "$object" | awk '{ print $1 }' | sed "$strip" |
	    sort -u | comm -23 - "$tmp/allowed" |
	    sed "s|^|$(basename "$object" .o) |"
done | while read -r module symbol; do
	line=$(grep -n "\<$symbol\>" "src/core/$module.c" | head -n 1 |
	    cut -d: -f1)
	echo "src/core/$module.c:${line:-1}: $symbol is not in $list"
done >"$tmp/errors"
cat "$tmp/errors"
[ ! -s "$tmp/errors" ]
