#!/bin/sh
# SPDX-License-Identifier: ISC
# The documents say what the program says: configuration keys (table, sample,
# lansplice.conf(5)), subcommands and drop counters (lansplice(8)). The samples
# pass `lansplice check`, mandoc finds nothing.
# BUILD: the folder with the daemon (default build).
set -u
cd "$(dirname "$0")/../.." || exit 1
lansplice=${BUILD:-build}/lansplice
sample=conf/lansplice.conf
conf5=man/lansplice.conf.5
lansplice8=man/lansplice.8

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
errors=$tmp/errors
: >"$errors"

# line FILE TEXT: where a text stands first; 1 if it does not.
line()
{
	grep -nF -- "$2" "$1" | head -n 1 | cut -d: -f1 | grep . || echo 1
}

# missing WANTED FOUND FILE WHAT: tells of each line of WANTED that is not in
# FOUND (both sorted).
missing()
{
	comm -23 "$1" "$2" | while read -r name; do
		echo "$3:$(line "$3" "$name"): $4 $name"
	done >>"$errors"
}

# items FILE MACRO: the names that a manual page explains, one a line: each
# `.It MACRO name`, also several on one line.
items()
{
	sed -n "s/^\.It $2 //p" "$1" | tr ' ' '\n' |
	    grep -E '^[a-z][a-z0-9_.]+$' | sort -u
}

"$lansplice" keys | cut -f 1 | sort >"$tmp/keys"
"$lansplice" drops | sort >"$tmp/drops"
"$lansplice" help | sed -n 's/^.* lansplice \([a-z]*\).*/\1/p' |
    sort -u >"$tmp/commands"
for list in keys drops commands; do
	[ -s "$tmp/$list" ] ||
	    echo "src/daemon/main.c:1: lansplice tells of no $list" >>"$errors"
done

awk -f tests/lint/sample.awk "$sample" | sort -u >"$tmp/sample"
missing "$tmp/keys" "$tmp/sample" "$sample" "does not show the key"
missing "$tmp/sample" "$tmp/keys" "$sample" "shows an unknown key"

items "$conf5" Ic >"$tmp/conf5"
missing "$tmp/keys" "$tmp/conf5" "$conf5" "does not explain the key"
missing "$tmp/conf5" "$tmp/keys" "$conf5" "explains an unknown key"

items "$lansplice8" Cm >"$tmp/cm"
missing "$tmp/commands" "$tmp/cm" "$lansplice8" "does not explain the command"
missing "$tmp/cm" "$tmp/commands" "$lansplice8" "explains an unknown command"

items "$lansplice8" Li >"$tmp/li"
missing "$tmp/drops" "$tmp/li" "$lansplice8" "does not explain the counter"
missing "$tmp/li" "$tmp/drops" "$lansplice8" "explains an unknown counter"

# The samples name key files that nobody has; they get some.
umask 077
for file in conf/*.conf; do
	cp "$file" "$tmp/lansplice.conf"
	sed -n 's/^[^#]*_file = "\([^"]*\)".*/\1/p' "$file" |
	    while read -r name; do
		    "$lansplice" genkey >"$tmp/$name"
	    done
	"$lansplice" check -c "$tmp/lansplice.conf" >/dev/null 2>"$tmp/check" ||
	    sed "s|^.*$tmp/lansplice.conf|$file|" "$tmp/check" >>"$errors"
done

if command -v mandoc >/dev/null; then
	mandoc -Tlint -Wwarning man/*.[1-9] 2>&1 |
	    sed 's/^mandoc: //' >>"$errors"
elif [ ! -s "$errors" ]; then
	exit 77
fi
cat "$errors"
[ ! -s "$errors" ]
