# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# A hub with 16 peers stays below 16 MiB of resident memory (issue 3).

LIMIT_KIB=16384

peers_up()
{
	[ "$(status_of hub '[.peers[] | select(.up)] | length')" -eq 16 ]
}

test_16_peers()
{
	host hub
	guests=
	for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		host "p$n"
		conf "p$n" "$(peer hub)" </dev/null
		guests="$guests${guests:+,}$(guest "p$n")"
	done
	echo 'switch = { forward = true; };' | conf hub "$guests"
	start hub
	for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		start "p$n"
	done
	wait_for 60 peers_up
	pings p1 "$(inner4 p16)" 1472
	pings hub "$(inner4 p8)" 1472
	rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$(cat "$DIR/hub/pid")/status")
	note "VmRSS of the hub: $rss KiB"
	[ "$rss" -lt $LIMIT_KIB ] || fail "$rss KiB resident"
}

rss_of()
{
	awk '/^VmRSS/ { print $2 }' "/proc/$(cat "$DIR/$1/pid")/status"
}

# 16 peers begin ever new frames of 9018 bytes and complete none.
test_fragments_that_never_complete()
{
	host hub
	host crowd
	guests=
	n=0
	for key in $("$TOOLS/partial" keys 16); do
		n=$((n + 1))
		guests="$guests${guests:+,}{ name = \"f$n\"; public_key = \"$key\"; }"
	done
	echo "interface = { $LAN_NAME $(lan_address hub) mtu = 9000; };" |
	    conf hub "$guests"
	start hub
	wait_for 10 alive hub
	wait_for 10 status hub
	on crowd "$TOOLS/partial" send "$(outer4 hub)" "$PORT" \
	    "$(cat "$DIR/hub/public.key")" 16 4 >"$DIR/partial" &
	sender=$!
	wait_for 60 grep -q ready "$DIR/partial"
	wait_for 30 counted hub fragment_evicted
	rss=$(rss_of hub)
	note "VmRSS of the hub while they come in: $rss KiB"
	[ "$rss" -lt $LIMIT_KIB ] || fail "$rss KiB resident"
	wait "$sender" || fail "partial failed"
	wait_for 10 counted hub fragment_expired
	rss=$(rss_of hub)
	note "VmRSS of the hub afterwards: $rss KiB"
	[ "$rss" -lt $LIMIT_KIB ] || fail "$rss KiB resident"
}
