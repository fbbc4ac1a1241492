# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# A bad network: a reaches b through the relay on r, which loses, delays,
# reorders and doubles datagrams.

# through_relay SEED LOSS DOUBLE DELAY JITTER
through_relay()
{
	host a b r
	listen relay r "$TOOLS/relay" "$@" "$PORT" \
	    "$(outer4 b)" "$PORT"
	conf a "$(guest b "endpoint = \"$(outer4 r):$PORT\";")" </dev/null
	conf b "$(guest a)" </dev/null
	start a
	start b
	# Handshakes get lost, too; each retry takes 5 s.
	wait_for 60 connected a b
	wait_for 60 connected b a
}

# The server is there when its port is in the table of listening sockets
# (1389 is 5001).
serves()
{
	on b grep -q ':1389 .* 0A ' /proc/net/tcp
}

same_file()
{
	cmp -s "$DIR/sent" "$DIR/received"
}

test_tcp_through_loss_and_reordering()
{
	through_relay 7 20 10 5 5
	head -c 2000000 /dev/urandom >"$DIR/sent"
	nsenter --net="$NETNS/$TAG-b" nc -l -p 5001 >"$DIR/received" </dev/null &
	wait_for 10 serves
	on a timeout 100 nc -N "$(inner4 b)" 5001 <"$DIR/sent" >/dev/null ||
	    fail "the transfer broke off"
	wait_for 20 same_file
}

# Doubled outside, each frame still comes once; with a jitter, and no loss,
# all of them come.
test_no_frame_comes_twice()
{
	through_relay 11 0 300 2 20
	listen at_b b "$TOOLS/eth" listen "$LAN" 0x88b6
	for length in 60 1514; do
		on a "$TOOLS/eth" send "$LAN" "$(mac_of b)" "$(mac_of a)" \
		    0x88b6 300 $length
		wait_for 20 lines_are at_b " $length good" 300
		sleep 1
		same "frames of $length" 300 "$(lines at_b " $length good")"
		same "different frames of $length" 300 "$(grep " $length good" \
		    "$DIR/at_b" | cut -d' ' -f1 | sort -u | wc -l)"
	done
	same "damaged frames" 0 "$(lines at_b bad)"
	wait_for 10 counted b replay
}
