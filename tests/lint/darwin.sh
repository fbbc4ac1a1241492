#!/bin/sh
# SPDX-License-Identifier: ISC
# Proves, as far as another system can, that a Mac would compile and link what
# it is given: the functions that the Mac's shape asks the outside for are in
# darwin-symbols.txt, the system headers that its files include are in
# darwin-headers.txt, and none of them uses what only Linux has. The stand-ins
# and glibc would let all of that pass.
# BUILD: the folder with the objects of `make darwin` (default build/darwin).
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build/darwin}
symbols=tests/lint/darwin-symbols.txt
headers=tests/lint/darwin-headers.txt
command -v nm >/dev/null || exit 77

# Types, constants and members of glibc's headers and Linux's.
words='SOCK_NONBLOCK|SOCK_CLOEXEC|MSG_(CMSG_CLOEXEC|ERRQUEUE|MORE|CONFIRM)'
words="$words|MSG_(WAITFORONE|ZEROCOPY|FASTOPEN)|SO_(BINDTODEVICE|PEERCRED)"
words="$words|SO_(PRIORITY|MARK|RCVBUFFORCE|SNDBUFFORCE|RXQ_OVFL|INCOMING_CPU)"
words="$words|IP_(MTU_DISCOVER|MTU|RECVERR|FREEBIND|PMTUDISC_[A-Z]+)"
words="$words|IPV6_(MTU_DISCOVER|MTU|RECVERR|PMTUDISC_[A-Z]+)|SOL_(IP|UDP|IPV6)"
words="$words|UDP_(SEGMENT|GRO)|CLOCK_(BOOTTIME|[A-Z]+_COARSE|TAI)|TIMER_ABSTIME"
words="$words|O_(PATH|TMPFILE|LARGEFILE|DIRECT|NOATIME)|AT_EMPTY_PATH"
words="$words|st_[acm]tim|s6_addr(16|32)|ifr_(hwaddr|ifindex)|AF_(PACKET|NETLINK)"
words="$words|SIG(RTMIN|RTMAX|PWR|STKFLT|POLL|CLD)|RLIMIT_(RTPRIO|NICE|SIGPENDING)"
words="$words|E(BADFD|REMOTEIO|UNATCH|NOTUNIQ|BADE|RESTART|COMM|NOKEY|ISNAM)"
words="$words|PTHREAD_MUTEX_(ADAPTIVE|FAST)_NP|TEMP_FAILURE_RETRY|MAP_POPULATE"
words="$words|program_invocation_(short_)?name|__(GLIBC|USE_GNU|THROW)|loff_t"
words="$words|(le|be)(16|32|64)toh|hto(le|be)(16|32|64)|error_at_line|strdupa"

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
: >"$tmp/errors"

# list FILE: its words, without what a "#" begins.
list()
{
	sed 's/[[:space:]]*#.*//; /^$/d' "$1" | sort -u
}

set -- "$build"/src/core/*.o "$build"/src/os/*.o "$build"/src/os/darwin/*.o \
    "$build"/src/daemon/*.o
for object in "$@"; do
	[ ! -f "$object" ] || continue
	echo "$object:1: is not there: make darwin"
	exit 1
done

# The names in C: macOS puts an underscore in front, and a variant behind a
# "$"; glibc has others for what -D_FORTIFY_SOURCE checks, and for C23.
plain='s/^__isoc23_//; s/^__\(.*\)_chk$/\1/'
[ "$(uname -s)" != Darwin ] || plain='s/^_//; s/\$.*//; s/^__\(.*\)_chk$/\1/'
nm -P "$@" 2>/dev/null | awk '$2 ~ /^[TDRBCVWS]$/ { print $1 }' |
    sed "$plain" | sort -u >"$tmp/defined"
list "$symbols" | cat - "$tmp/defined" | sort -u >"$tmp/allowed"
for object in "$@"; do
	source=${object#"$build"/}
	source=${source%.o}.c
	nm -u -P "$object" | awk '{ print $1 }' | sed "$plain" | sort -u |
	    comm -23 - "$tmp/allowed" | while read -r symbol; do
		    line=$(grep -nw "$symbol" "$source" | head -n 1 |
		        cut -d: -f1)
		    echo "$source:${line:-1}: $symbol is not in $symbols"
	    done
done >>"$tmp/errors"

# What a Mac compiles, tests included.
find include src tests/unit tests/far -name '*.[ch]' \
    ! -path '*/linux/*' ! -path 'tests/shim/*' | sort >"$tmp/files"
list "$headers" >"$tmp/headers"
# shellcheck disable=SC2016 # for awk
xargs awk -v list="$tmp/headers" '
    BEGIN { while ((getline name <list) > 0) known[name] = 1 }
    match($0, /^[ \t]*#[ \t]*include[ \t]*<[^>]*>/) {
	    name = $0
	    sub(/^[^<]*</, "", name)
	    sub(/>.*$/, "", name)
	    if (!(name in known))
		    printf "%s:%d: <%s> is not in '"$headers"'\n", \
			FILENAME, FNR, name
    }' <"$tmp/files" >>"$tmp/errors"

# Comments may name it: on lines of their own, or behind the code.
# shellcheck disable=SC2016 # for awk
xargs awk -v words="(^|[^A-Za-z0-9_])($words)([^A-Za-z0-9_]|\$)" '
    /^[ \t]*(\*|\/\*)/ { next }
    {
	    code = $0
	    sub(/\/\*.*$/, "", code)
	    if (!match(code, words))
		    next
	    name = substr(code, RSTART, RLENGTH)
	    gsub(/[^A-Za-z0-9_]/, "", name)
	    printf "%s:%d: macOS has no %s\n", FILENAME, FNR, name
    }' <"$tmp/files" >>"$tmp/errors"

cat "$tmp/errors"
[ ! -s "$tmp/errors" ]
