# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# A peer whose address changes keeps its connection.

# a behind the router r, which masquerades; b outside. a calls b.
behind_router()
{
	host b r
	host_bare a
	on a ip link add eth0 type veth peer name lan netns "$TAG-r"
	on a ip addr add 10.1.0.2/24 dev eth0
	on a ip link set eth0 up
	on r ip addr add 10.1.0.1/24 dev lan
	on r ip link set lan up
	on a ip route add default via 10.1.0.1
	on r sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	on r nft add table ip nat
	on r nft add chain ip nat post \
	    '{ type nat hook postrouting priority 100; }'
	masquerade 41000-41999
	conf a "$(peer b)" </dev/null
	conf b "$(guest a)" </dev/null
	start a
	start b
	wait_for 15 connected a b
	wait_for 15 connected b a
	pings a "$(inner4 b)" 64
}

# masquerade PORTS: source ports that the router uses from now on.
masquerade()
{
	on r nft flush chain ip nat post
	on r nft add rule ip nat post oifname eth0 meta l4proto udp \
	    masquerade to ":$1"
}

pings_from_a()
{
	ping_once a "$(inner4 b)"
}

endpoint_matches()
{
	endpoint_of b a | grep -q "$1"
}

# The router gets another address; that takes its old mappings away.
test_nat_gets_new_address()
{
	behind_router
	before=$(handshake_of b a)
	on r ip addr del "$(outer4 r)/24" dev eth0
	on r ip addr add 192.0.2.201/24 dev eth0
	wait_for 60 pings_from_a
	wait_for 15 endpoint_matches '^192\.0\.2\.201:'
	pings a "$(inner4 b)" 1472
	pings b "$(inner4 a)" 1472
	same "handshake at b" "$before" "$(handshake_of b a)"
}

# The mapping runs out, the next datagram comes from another port. Only a's
# own traffic can tell b of it.
test_nat_gets_new_port()
{
	timeouts=/proc/sys/net/netfilter/nf_conntrack_udp_timeout
	behind_router
	endpoint_matches ':41[0-9]*$' || fail "at $(endpoint_of b a)"
	before=$(handshake_of b a)
	on r sh -c "echo 1 >$timeouts; echo 1 >${timeouts}_stream"
	pings a "$(inner4 b)" 64
	masquerade 42000-42999
	sleep 3
	wait_for 60 pings_from_a
	wait_for 15 endpoint_matches ':42[0-9]*$'
	pings b "$(inner4 a)" 1472
	same "handshake at b" "$before" "$(handshake_of b a)"
}

# The host's own address changes. A handshake may be the way to find back.
test_host_gets_new_address()
{
	pair
	on a ip addr del "$(outer4 a)/24" dev eth0
	on a ip addr add 192.0.2.201/24 dev eth0
	wait_for 60 pings_from_a
	wait_for 15 endpoint_matches '^192\.0\.2\.201:'
	pings a "$(inner4 b)" 1472
	pings b "$(inner4 a)" 1472
}
