# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# shellcheck disable=SC2034 # lib.sh reads LANSPLICE
# The loop thread allocates nothing for packets and peers: these daemons have
# a malloc of their own (malloc.c), which ends them if it does.
# Asking for the status allocates, and may; so nobody asks meanwhile.

forbid()
{
	kill -USR1 "$(cat "$DIR/$1/pid")"
}

allow()
{
	kill -USR2 "$(cat "$DIR/$1/pid")"
}

# flood SIZE: 10,000 frames each way.
flood()
{
	on a ping -q -f -c 10000 -W 5 -s "$1" "$(inner4 b)" >"$DIR/flood" ||
	    true
	grep -q '10000 packets transmitted' "$DIR/flood" ||
	    fail "flood: $(cat "$DIR/flood")"
}

pings_from_b()
{
	ping_once b "$(inner4 a)"
}

test_loop_allocates_nothing()
{
	only linux # the stand-ins allocate
	LANSPLICE=$TOOLS/lansplice-nomalloc
	pair
	forbid a
	flood 100
	flood 1472

	# b moves
	on b ip addr del "$(outer4 b)/24" dev eth0
	on b ip addr add 192.0.2.202/24 dev eth0
	wait_for 60 pings_from_b
	on b ip addr del 192.0.2.202/24 dev eth0
	on b ip addr add "$(outer4 b)/24" dev eth0
	wait_for 60 pings_from_b

	# b comes back with a new handshake, strangers try theirs
	stop b KILL
	start b
	wait_for 30 pings_from_b
	on b "$TOOLS/junk" 3 2000 "$(outer4 a)" "$PORT" >/dev/null
	flood 1000

	alive a || fail "a has allocated"
	allow a
	wait_for 10 connected a b
}

# The test can fail: what may allocate is caught while it is forbidden.
test_an_allocation_is_caught()
{
	only linux # the stand-ins allocate
	LANSPLICE=$TOOLS/lansplice-nomalloc
	pair
	forbid a
	status a >/dev/null 2>&1 || true
	wait_for 10 grep -q 'nomalloc: the loop thread allocates' "$DIR/a/log"
}
