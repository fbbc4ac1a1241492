#!/bin/sh
# SPDX-License-Identifier: ISC
# Form and words: clang-format changes nothing, every file names its licence,
# no function that writes past a buffer, no note without an issue number.
set -u
cd "$(dirname "$0")/../.." || exit 1

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
errors=$tmp/errors
find include src tests -name '*.[ch]' | sort >"$tmp/c"
find include src tests conf man Makefile .ci .github -type f \
    ! -name '*.txt' ! -path 'tests/fuzz/corpus/*' | sort >"$tmp/all"

forbidden='strcpy|strcat|sprintf|vsprintf|alloca|gets'
# shellcheck disable=SC2016 # for awk
xargs awk -v words="(^|[^A-Za-z0-9_])($forbidden) *[(]" '
    match($0, words) {
	    name = substr($0, RSTART, RLENGTH)
	    gsub(/[^A-Za-z0-9_]/, "", name)
	    printf "%s:%d: %s is forbidden\n", FILENAME, FNR, name
    }' <"$tmp/c" >"$errors"

# "TODO #12" and "TODO (issue 12)" are notes with a place to look.
xargs grep -nwE 'TO[D]O|FIX[M]E|XX[X]' /dev/null <"$tmp/all" |
    grep -vE '#[0-9]+|issue [0-9]+' |
    sed 's/^\([^:]*:[0-9]*\):.*/\1: a note without an issue number/' \
    >>"$errors"

while read -r file; do
	head -n 2 "$file" | grep -q 'SPDX-License-Identifier: ISC' ||
	    echo "$file:1: names no licence (SPDX-License-Identifier: ISC)"
done <"$tmp/c" >>"$errors"

if command -v clang-format >/dev/null; then
	xargs clang-format --dry-run -Werror <"$tmp/c" 2>&1 |
	    grep -E '^[^ ]+:[0-9]+:' >>"$errors"
elif [ ! -s "$errors" ]; then
	exit 77
fi
cat "$errors"
[ ! -s "$errors" ]
