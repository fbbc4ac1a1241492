#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/BUGS.md names only tests that exist and are run, and each of its rows
# has a test or says why it has none. Lines are ASCII and shorter than 160.
set -u
cd "$(dirname "$0")/../.." || exit 1
export LC_ALL=C
list=tests/BUGS.md

# in_file FILE FUNCTION: defined there; cases of cmocka are listed as well.
in_file()
{
	grep -qE "^(int )?$2\\(" "$1" || return
	case $1 in
	tests/unit/*) grep -qE "(_test[a-z_]*|_TEST)\\($2[,)]" "$1" ;;
	esac
}

# exists NAME: dir/file/function, or fuzz/file.
exists()
{
	case $1 in
	unit/*/test_*) in_file "tests/${1%/*}_test.c" "${1##*/}" ;;
	sim/*/*) in_file "tests/${1%/*}.c" "${1##*/}" ;;
	e2e/*/test_*) in_file "tests/${1%/*}.sh" "${1##*/}" ;;
	fuzz/*/*) false ;;
	fuzz/*) grep -q '^LLVMFuzzerTestOneInput(' "tests/$1.c" ;;
	*) false ;;
	esac 2>/dev/null
}

# Rows of the tables, as number:test. A row without a test has none: WHY.
awk -F' *[|] *' -v list="$list" '
	function bad(text) { print list ":" FNR ":", text }
	length > 159 { bad("longer than 159") }
	/[^ -~]/ { bad("not ASCII") }
	!/^[|]/ || /^[|]---/ || $2 == "who, what" { next }
	{ rows++ }
	NF != 5 || $2 == "" { bad("not a row of three columns") }
	$4 ~ /^none: ./ { next }
	$4 !~ /^`[^` ]+`( `[^` ]+`)*$/ { bad("no test and no reason") }
	{
		count = split($4, names, "`")
		for (i = 2; i <= count; i += 2)
			print FNR ":" names[i]
	}
	END { if (rows < 40) bad("its rows are gone") }' "$list" |
    while IFS=: read -r number name rest; do
	case $number in
	*[!0-9]*) echo "$number:$name:$rest" ;;
	*) exists "$name" || echo "$list:$number: there is no test $name" ;;
	esac
done | {
	! grep .
}
