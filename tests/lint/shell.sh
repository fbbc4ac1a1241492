#!/bin/sh
# SPDX-License-Identifier: ISC
# Runs the shell linter over every script.
set -u
cd "$(dirname "$0")/../.." || exit 1
command -v shellcheck >/dev/null || exit 77

# Scripts are known by their name or by their first line.
find .ci tests -type f ! -path 'tests/fuzz/corpus/*' | while read -r file; do
	case $file in
	*.sh) echo "$file" ;;
	*.*) ;;
	*) head -n 1 "$file" | grep -q '^#!/bin/sh' && echo "$file" ;;
	esac
done | sort | xargs shellcheck -x -f gcc
