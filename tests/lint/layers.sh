#!/bin/sh
# SPDX-License-Identifier: ISC
# Proves what CONTRIBUTING says of layers: includes point down only, nothing goes
# in circles, no C file asks which system it is on, core knows no system, and
# each module is one header and one source file.
set -u
cd "$(dirname "$0")/../.." || exit 1

# The modules of core, each may include only what stands before it.
core_order="units drop addr frame sink ring pool aegis suite wire noise cookie"
core_order="$core_order flood replay session index stamp fragment offload"
core_order="$core_order transmit handshake pmtu fdb guard stage timers roam"
core_order="$core_order keys gate peer_state peer_call peer_send"
core_order="$core_order peer_path peer_content peer node"
# What of core the os layer may know.
os_may="units drop addr frame ring"
# The only system headers of core.
core_system="assert.h inttypes.h limits.h stdalign.h stdatomic.h"
core_system="$core_system stdbool.h stddef.h stdint.h string.h"
# Modules without a source file of their name, files without a header.
header_only="core/units core/sink"
source_only="daemon/main os/kqueue"

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
edges=$tmp/edges
errors=$tmp/errors
find include src -name '*.[ch]' | sort >"$tmp/files"
find include src tests -name '*.[ch]' | sort >"$tmp/all"
[ -s "$tmp/files" ] || exit 0

# shellcheck disable=SC2046 # one word each file
awk -v order="$core_order" -v os_may="$os_may" -v system_may="$core_system" \
    -v edges="$edges" -f tests/lint/includes.awk $(cat "$tmp/files") >"$errors"

# BSD's tsort tells of circles on stderr only and ends with 0.
tsort "$edges" >/dev/null 2>"$tmp/circle"
if [ -s "$tmp/circle" ]; then
	sed 's/^/include:0: circle of includes: /' "$tmp/circle" >>"$errors"
fi

systems='__APPLE__|__MACH__|__linux|__gnu_linux__|__FreeBSD__|__OpenBSD__'
systems="$systems|__NetBSD__|__DragonFly__|__unix|_WIN32|TARGET_OS_"
xargs grep -nE "$systems" /dev/null <"$tmp/all" |
    sed 's|:\([0-9]*\):.*|:\1: a platform difference is a file in src/os|' \
    >>"$errors"

# A guard is the path in capitals, from the layer on.
while read -r file; do
	case $file in *.c) continue ;; esac
	guard=$(echo "${file#include/}" | tr 'a-z/.' 'A-Z__')
	if ! grep -q "^#ifndef $guard\$" "$file" ||
	    ! grep -q "^#define $guard\$" "$file"; then
		echo "$file:1: its guard should be named $guard"
	fi
done <"$tmp/files" >>"$errors"

# include/os/netif.h goes with src/os/linux/netif_tap.c: there the word in
# front of the underscore is the module. src/core/x_none.c stands in for x.c
# where a library lacks what it is about.
listed()
{
	# shellcheck disable=SC2086 # a list of words
	printf '%s\n' $2 | grep -qx "$1"
}

any_file()
{
	for any in "$@"; do
		[ ! -f "$any" ] || return 0
	done
	return 1
}

while read -r file; do
	name=$(basename "${file%.[ch]}")
	case $file in
	include/os/*/*) ;;
	include/*/*.h)
		module=${file#include/}
		module=${module%.h}
		listed "$module" "$header_only" && continue
		any_file "src/$module.c" "src/${module%/*}"/*/"$name".c \
		    "src/${module%/*}"/*/"$name"_*.c ||
		    echo "$file:1: has no source file src/$module.c"
		;;
	src/os/*/*.c)
		listed "os/$name" "$source_only" && continue
		any_file "include/os/${name%%_*}.h" \
		    "include/os/$(basename "${file%/*}")/$name.h" ||
		    echo "$file:1: has no header include/os/${name%%_*}.h"
		;;
	src/*/*.c)
		module=${file#src/}
		module=${module%.c}
		listed "$module" "$source_only" && continue
		[ -f "include/${module%_none}.h" ] ||
		    echo "$file:1: has no header include/${module%_none}.h"
		;;
	*) echo "$file:1: lies outside include/LAYER and src/LAYER" ;;
	esac
done <"$tmp/files" >>"$errors"

cat "$errors"
[ ! -s "$errors" ]
