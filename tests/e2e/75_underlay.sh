# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# What an observer of the network outside sees, and what a stranger gets.

# By PROTOCOL.md: type 1 has 168 bytes, type 2 has 108, type 4 at least 32;
# udp[4:2] counts the UDP header as well.
KNOWN="udp and (
    (udp[8:4] = 0x01000000 and udp[4:2] = 176) or
    (udp[8:4] = 0x02000000 and udp[4:2] = 116) or
    (udp[8:4] = 0x04000000 and udp[4:2] >= 40))"

PATTERN=6c616e73706c6963652d706c61696e21

test_wire_format()
{
	host a b
	conf a "$(peer b)" </dev/null
	conf b "$(guest a)" </dev/null
	# b is there before anything is sent to it, so no ICMP error
	start b
	wait_for 10 status b
	capture outside a eth0 'ip or ip6'
	start a
	wait_for 15 connected a b
	wait_for 15 connected b a
	capture inside b "$LAN" icmp
	for size in 64 1472; do
		on a ping -q -c 3 -i 0.2 -s $size -p $PATTERN \
		    "$(inner4 b)" >/dev/null
	done
	capture_end inside
	capture_end outside

	# The pattern is one that these captures would show.
	grep -aq 'lansplice-plain!' "$DIR/inside" ||
	    fail "the pattern is not even inside"
	! grep -aq 'lansplice-plain!' "$DIR/outside" ||
	    fail "plaintext outside"
	udp="udp and host $(outer4 a) and host $(outer4 b)"
	for type in 1 2 4; do
		[ "$(captured outside "$udp and udp[8] = $type")" -gt 0 ] ||
		    fail "captured nothing of type $type"
	done
	none_captured "packets of no known form" outside \
	    "host $(outer4 a) and host $(outer4 b) and not ($KNOWN) and not arp"
	none_captured "IP fragments" outside 'ip[6:2] & 0x3fff != 0'
	none_captured "no don't-fragment" outside 'udp and ip[6] & 0x40 = 0'
}

test_strangers_get_no_answer()
{
	host a b c
	conf a "$(peer b)" </dev/null
	conf b "$(peer a)" </dev/null
	capture traffic a eth0 udp
	start a
	start b
	wait_for 15 connected a b
	pings a "$(inner4 b)" 1472
	capture_end traffic

	capture stranger c eth0 "src host $(outer4 b)"
	on c "$TOOLS/junk" 5 3000 "$(outer4 b)" "$PORT" "$DIR/traffic" \
	    >"$DIR/junk"
	capture_end stranger
	same answers 'answers 0' "$(tail -n 1 "$DIR/junk")"
	none_captured "packets to the stranger" stranger 'udp or icmp'
	alive b || fail "the daemon is gone"
	for counter in dgram_length dgram_type mac1 index open; do
		[ "$(drops b $counter)" -gt 0 ] ||
		    fail "not counted: $counter"
	done
	same "endpoint of a" "$(outer4 a):$PORT" "$(endpoint_of b a)"
	pings a "$(inner4 b)" 1472
	pings b "$(inner4 a)" 64
}
