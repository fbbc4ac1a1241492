# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# Two hosts are on one Ethernet: whatever Ethernet carries, crosses.

test_ping_sizes()
{
	pair
	for size in 64 512 1280 1397 1398 1425 1426 1472; do
		pings a "$(inner4 b)" $size
		pings b "$(inner4 a)" $size
	done
}

arp_answers()
{
	on a arping -q -c 1 -w 2 -i "$LAN" "$(inner4 b)"
}

test_arp()
{
	pair
	wait_for 15 arp_answers
	found=$(on a arping -r -c 1 -w 5 -i "$LAN" "$(inner4 b)" | head -n 1)
	same "MAC of b by ARP" "$(mac_of b)" "$found"
}

link_local_of()
{
	on "$1" ip -6 -o addr show dev "$LAN" scope link |
	    awk '{ sub("/.*", "", $4); print $4 }'
}

test_ipv6()
{
	pair
	pings a "$(inner6 b)" 1400
	pings b "$(inner6 a)" 1400
	pings a "$(link_local_of b)%$LAN" 56
	on a ip -6 neigh show "$(inner6 b)" dev "$LAN" | grep -qi "$(mac_of b)" ||
	    fail "neighbour discovery: $(on a ip -6 neigh show)"
}

mdns_crosses()
{
	on a "$TOOLS/mcast" send "$1" 5353 "$LAN" "from a by $1"
	grep -q "from a by $1" "$DIR/mdns"
}

test_mdns()
{
	pair
	for group in 224.0.0.251 ff02::fb; do
		listen mdns b "$TOOLS/mcast" listen $group 5353 "$LAN"
		wait_for 15 mdns_crosses $group
		listen_end mdns
	done
}

# The smallest frames and the largest, of types that nobody knows.
test_unknown_ethertype()
{
	pair
	listen at_a a "$TOOLS/eth" listen "$LAN" 0x88b6
	listen at_b b "$TOOLS/eth" listen "$LAN" 0x6007
	on a "$TOOLS/eth" send "$LAN" "$(mac_of b)" "$(mac_of a)" 0x6007 50 60
	on b "$TOOLS/eth" send "$LAN" "$(mac_of a)" "$(mac_of b)" 0x88b6 50 1514
	wait_for 10 lines_are at_b ' 60 good$' 50
	wait_for 10 lines_are at_a ' 1514 good$' 50
	same "damaged frames" 0 "$(cat "$DIR/at_a" "$DIR/at_b" | grep -c bad)"
}

# A tag makes the frame four bytes longer than 1514; it must not cost MTU.
# vmnet takes 1514 bytes, with the tag.
test_vlan()
{
	largest=1514
	[ "$SHAPE" = linux ] || largest=1510
	pair
	listen at_b b "$TOOLS/eth" listen "$LAN" 0x88b6
	for length in 60 $largest; do
		on a "$TOOLS/eth" send "$LAN" "$(mac_of b)" "$(mac_of a)" \
		    0x88b6 20 "$length" 5
		wait_for 10 lines_are at_b " $length good\$" 20
	done
}
