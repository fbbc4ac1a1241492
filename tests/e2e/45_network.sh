# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# The machine's own network goes and comes back. We promise 3 s from its
# return; a busy machine gets three times as long.

told()
{
	[ "$(grep -c 'network changed' "$DIR/a/log")" -gt "$1" ]
}

pings_from_a()
{
	ping_once a "$(inner4 b)"
}

newer_than()
{
	[ "$(handshake_of a b)" != "$1" ]
}

network_changes()
{
	grep -c 'network changed' "$DIR/a/log" || true
}

test_cable_is_pulled()
{
	pair
	before=$(network_changes)
	on a ip link set eth0 down
	wait_for 15 told "$before"
	sleep 3
	! pings_from_a || fail "the cable is not out"
	on a ip link set eth0 up
	wait_for 9 pings_from_a
	pings a "$(inner4 b)" 1472
}

# Another network, another address; the peer has no other way to learn it.
test_other_network()
{
	pair
	sleep 1.1 # handshakes are told apart by the second
	before=$(network_changes)
	handshake=$(handshake_of a b)
	on a ip addr flush dev eth0
	on a ip addr add 192.0.2.77/24 dev eth0
	wait_for 9 told "$before"
	wait_for 9 pings_from_a
	wait_for 9 newer_than "$handshake"
	pings b "$(inner4 a)" 1472
}

# What happens on our own interface is no news: it would be a circle.
test_own_interface_is_no_news()
{
	pair
	sleep 2
	before=$(network_changes)
	on a ip addr add 10.98.7.1/24 dev "$LAN"
	on a ip addr del 10.98.7.1/24 dev "$LAN"
	sleep 2
	same "changes told" "$before" "$(network_changes)"
}

# The address that we are bound to goes and returns.
test_bound_address_returns()
{
	host a b
	printf 'listen = { port = %s; address = "%s"; };\n' "$PORT" \
	    "$(outer4 a)" | conf a "$(peer b)"
	conf b "$(peer a)" </dev/null
	start a
	start b
	wait_for 15 connected a b
	on a ip addr del "$(outer4 a)/24" dev eth0
	on a ping -q -c 1 -W 1 "$(inner4 b)" >/dev/null || true
	sleep 2
	on a ip addr add "$(outer4 a)/24" dev eth0
	wait_for 9 pings_from_a
	pings b "$(inner4 a)" 1472
}

# A family that was not there at the start: IPv6 comes later.
test_ipv6_comes_later()
{
	host a b
	on a sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6'
	echo "interface = { $LAN_NAME address = \"$(inner4 a)/24\"; };" |
	    conf a "$(peer6 b)"
	conf b "$(guest a)" </dev/null
	start a
	start b
	sleep 2
	on a sh -c 'echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6'
	on a ip addr add "$(outer6 a)/64" dev eth0
	wait_for 15 connected a b
	pings a "$(inner4 b)" 1472
}

# Routes that change all the time (containers, routing daemons): few calls.
test_restless_routes()
{
	pair
	before=$(network_changes)
	n=0
	while [ $n -lt 25 ]; do
		on a ip route add 198.51.100.0/24 dev eth0
		sleep 0.4
		on a ip route del 198.51.100.0/24 dev eth0
		sleep 0.4
		n=$((n + 1))
	done
	after=$(network_changes)
	note "$((after - before)) calls in 20 s"
	[ $((after - before)) -le 8 ] || fail "$((after - before)) calls"
	[ $((after - before)) -ge 2 ] || fail "nothing was noticed"
	pings a "$(inner4 b)" 64
}
