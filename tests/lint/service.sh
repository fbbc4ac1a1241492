#!/bin/sh
# SPDX-License-Identifier: ISC
# What the service managers read is what they understand and what we mean:
# plist and entitlements, newsyslog's line, the Homebrew formula, the systemd
# unit. Tools that are missing fail this one: nothing else looks at the files.
set -u
cd "$(dirname "$0")/../.." || exit 1

unit=systemd/lansplice.service
formula=launchd/homebrew/lansplice.rb
newsyslog=launchd/newsyslog.conf
# The exposure that `systemd-analyze security` may find, in tenths: 0 is a
# service that can do nothing, 100 one that can do all.
exposure=23

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
errors=$tmp/errors
: >"$errors"

# has TOOL: whether it is there; one that is not is an error.
has()
{
	command -v "$1" >/dev/null && return
	echo "tests/lint/service.sh:1: no $1 here: run tests/setup lint" \
	    >>"$errors"
	return 1
}

# located FILE: messages that name no place get one.
located()
{
	sed "s|^|$1:1: |"
}

! has python3 || python3 tests/lint/plist.py >>"$errors" 2>&1 ||
    echo "launchd:1: tests/lint/plist.py is not content" >>"$errors"

if has ruby; then
	if ruby -wc "$formula" >"$tmp/ruby" 2>&1; then
		ruby tests/lint/formula.rb "$formula" >>"$errors" 2>&1 ||
		    echo "$formula:1: tests/lint/formula.rb is not content" \
		        >>"$errors"
	else
		cat "$tmp/ruby" >>"$errors"
	fi
fi

# newsyslog.conf(5): name, owner, mode, count, kilobytes, when, flags. The
# daemon writes on to what was renamed, so that must not be compressed.
log=$(sed -n '/StandardErrorPath/{n;s|.*<string>\(.*\)</string>.*|\1|p;}' \
    launchd/*.plist)
awk -v file="$newsyslog" -v log_file="$log" '
    function bad(text) { printf "%s:%d: %s\n", file, FNR, text }
    /^[ \t]*(#|$)/ { next }
    { lines++ }
    NF != 7 { bad("has " NF " fields, not 7"); next }
    $1 != log_file { bad("is not the log of the plist, " log_file) }
    $2 !~ /^[a-z]+:[a-z]+$/ { bad("owner:group is " $2) }
    $3 !~ /^6[04]0$/ { bad("mode is " $3) }
    $4 != 3 { bad("count is " $4 "; supervisor_launchd.c removes 3") }
    $5 !~ /^[1-9][0-9]+$/ { bad("size is " $5) }
    $6 != "*" { bad("when is " $6) }
    $7 != "N" { bad("flags are " $7 ", must be N alone") }
    END { if (lines != 1) bad("has " lines + 0 " lines of logs, not 1") }
    ' "$newsyslog" >>"$errors"

# key KEY VALUE: the unit says so, and nothing else of that key.
key()
{
	[ "$(grep "^$1=" "$unit")" = "$1=$2" ] ||
	    echo "$unit:1: must have $1=$2" >>"$errors"
}

key CapabilityBoundingSet 'CAP_NET_ADMIN CAP_NET_BIND_SERVICE'
key DevicePolicy closed
key DeviceAllow '/dev/net/tun rw'
key ExecStart '@PREFIX@/sbin/lansplice run'
key Type exec
key Restart on-failure
key RestartPreventExitStatus '64 77 78'
key StateDirectory lansplice
key StateDirectoryMode 0700
key ReadWritePaths /run
key ProtectSystem strict
key ProtectHome yes
key PrivateTmp yes
key NoNewPrivileges yes
key MemoryDenyWriteExecute yes
key RestrictAddressFamilies 'AF_INET AF_INET6 AF_UNIX AF_NETLINK'
key UMask 0077
key WantedBy multi-user.target

# verify wants a program to be where the unit says, and its unit's own name.
if [ "$(uname -s)" = Linux ] && has systemd-analyze; then
	mkdir -p "$tmp/sbin"
	printf '#!/bin/sh\n' >"$tmp/sbin/lansplice"
	chmod 755 "$tmp/sbin/lansplice"
	made=$tmp/lansplice.service
	sed "s|@PREFIX@|$tmp|g" "$unit" >"$made"
	systemd-analyze verify --man=no --recursive-errors=no "$made" 2>&1 |
	    sed "s|^$made|$unit|; t; s|^|$unit:1: |" >"$tmp/verify"
	cat "$tmp/verify" >>"$errors"
	systemd-analyze security --no-pager --offline=true \
	    --threshold=$exposure "$made" >"$tmp/security" 2>&1 ||
	    tail -n 1 "$tmp/security" | located "$unit" >>"$errors"
fi
cat "$errors"
[ ! -s "$errors" ]
