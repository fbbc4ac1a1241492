# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# The network outside: IPv6, names, and paths that are narrower than usual.

test_outer_ipv6()
{
	host a b
	conf a "$(peer6 b)" </dev/null
	conf b "$(peer6 a)" </dev/null
	start a
	start b
	wait_for 15 connected a b
	wait_for 15 connected b a
	same "endpoint of b" "[$(outer6 b)]:$PORT" "$(endpoint_of a b)"
	for size in 64 1405 1452; do
		pings a "$(inner4 b)" $((size + 20))
		pings b "$(inner6 a)" $size
	done
}

# Link-local addresses outside need their interface.
test_outer_link_local()
{
	host a b
	address=$(on b ip -6 -o addr show dev eth0 scope link |
	    awk '{ sub("/.*", "", $4); print $4 }')
	conf a "$(guest b "endpoint = \"[$address%eth0]:$PORT\";")" </dev/null
	conf b "$(guest a)" </dev/null
	start a
	start b
	wait_for 15 connected a b
	pings a "$(inner4 b)" 1472
	pings b "$(inner4 a)" 1472
}

# The name is in a hosts file that only this daemon sees.
test_endpoint_by_name()
{
	unshare -m true 2>/dev/null || skip "mounts cannot be hidden here"
	host a b
	conf a "$(guest b "endpoint = \"b.example.net:$PORT\";")" </dev/null
	conf b "$(guest a)" </dev/null
	echo "$(outer4 b) b.example.net" >"$DIR/hosts"
	# shellcheck disable=SC2016 # $1 is for the inner shell
	start a unshare -m sh -c '
		mount --bind "$0" /etc/hosts
		exec "$@"' "$DIR/hosts"
	start b
	wait_for 30 connected a b
	pings a "$(inner4 b)" 64
}

# narrow MTU [PEER-FUNCTION]: the LAN inside stays 1500 wide.
narrow()
{
	host a b
	for name in a b; do
		on $name ip link set eth0 mtu "$1"
	done
	conf a "$("${2:-peer}" b)" </dev/null
	conf b "$("${2:-peer}" a)" </dev/null
	start a
	start b
	wait_for 15 connected a b
	wait_for 15 connected b a
	for size in 64 500 1200 1472; do
		pings a "$(inner4 b)" $size
		pings b "$(inner4 a)" $size
	done
}

test_mtu_1400() { narrow 1400; }
test_mtu_1280() { narrow 1280; }
test_mtu_1280_ipv6() { narrow 1280 peer6; }
test_mtu_600() { narrow 600; }

big_ping_passes()
{
	on a ping -q -M "do" -c 1 -W 1 -s 1472 "$(inner4 b)" >/dev/null &&
	    on b ping -q -M "do" -c 1 -W 1 -s 1472 "$(inner4 a)" >/dev/null
}

# The system refuses what was right a moment ago (EMSGSIZE).
test_mtu_shrinks_under_way()
{
	pair
	pings a "$(inner4 b)" 1472
	for name in a b; do
		on $name ip link set eth0 mtu 1300
	done
	wait_for 30 big_ping_passes
	pings a "$(inner4 b)" 1472
	pings b "$(inner4 a)" 1472
}
