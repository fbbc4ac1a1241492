# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# Daemons that stop and come back. Inside there is no IPv6 here, so that the
# system sends nothing by itself: who comes back does so without traffic.

quiet()
{
	for name in "$@"; do
		on "$name" sh -c \
		    'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
		echo "interface = { $LAN_NAME $(lan_address "$name") };" \
		    >"$DIR/$name/quiet"
	done
}

# b calls a, which does not know where b is.
call()
{
	host a b
	quiet a b
	conf a "$(guest b)" <"$DIR/a/quiet"
	conf b "$(peer a)" <"$DIR/b/quiet"
	start a
	start b
	wait_for 15 connected a b
	wait_for 15 connected b a
}

newer()
{
	[ "$(handshake_of "$1" "$2")" != "$3" ]
}

# back WHO OTHER BEFORE: connected again, and the other one knows it, too.
# PROTOCOL.md allows 10 s; the wall clock of a busy machine three times that.
back()
{
	wait_for 30 connected "$1" "$2"
	wait_for 30 newer "$2" "$1" "$3"
	wait_for 30 connected "$2" "$1"
}

test_killed_caller_is_back()
{
	call
	before=$(handshake_of a b)
	stop b KILL
	sleep 1.1
	start b
	back b a "$before"
}

# The one that is called: it remembers where its callers were.
test_killed_hub_is_back()
{
	call
	wait_for 15 grep -q "$(outer4 b)" "$DIR"/a/state/*.peers
	before=$(handshake_of b a)
	stop a KILL
	sleep 1.1
	start a
	back a b "$before"
}

test_killed_is_back_both_ways()
{
	host a b
	quiet a b
	conf a "$(peer b)" <"$DIR/a/quiet"
	conf b "$(peer a)" <"$DIR/b/quiet"
	start a
	start b
	wait_for 15 connected a b
	wait_for 15 connected b a
	for name in a b; do
		other=$(echo ab | tr -d $name)
		before=$(handshake_of "$other" $name)
		stop $name KILL
		sleep 1.1
		start $name
		back $name "$other" "$before"
	done
}

# A clock that stands in 1970 and runs on from there. The clocks that count
# time since the start stay as they are, as on a machine without a battery.
start_in_1970()
{
	lib=$(find /usr/lib -name libfaketimeMT.so.1 | head -n 1)
	[ -n "$lib" ] || skip "libfaketime is not installed"
	start "$1" env "LD_PRELOAD=$lib" 'FAKETIME=@1970-01-02 00:00:00' \
	    FAKETIME_DONT_FAKE_MONOTONIC=1
}

test_killed_is_back_in_1970()
{
	call
	before=$(handshake_of a b)
	stop b KILL
	sleep 1.1
	start_in_1970 b
	back b a "$before"
}

# The proof that the test before this one rests on the stored floor.
test_1970_without_floor_is_stale()
{
	call
	stop b KILL
	rm -rf "$DIR/b/state"
	start_in_1970 b
	wait_for 15 counted a handshake_stale
	never_in 4 connected b a
}

not_connected()
{
	[ "$(peer_of "$1" "$2" .up)" = false ]
}

test_clean_stop()
{
	call
	stop b TERM
	same "exit status" 0 "$(cat "$DIR/b/status")"
	wait_for 10 not_connected a b
	grep -qi closed "$DIR/a/log" || fail "a does not tell that b closed"
	[ ! -e "$DIR/b/sock" ] || fail "the control socket is left"
	! on b ip link show "$LAN" >/dev/null 2>&1 || fail "the TAP is left"
	# and b can come again
	start b
	wait_for 30 connected b a
	wait_for 30 connected a b
}

test_interrupt_is_a_clean_stop()
{
	call
	stop b INT
	same "exit status" 0 "$(cat "$DIR/b/status")"
	wait_for 10 not_connected a b
}

# What a dead daemon left of its control socket is no obstacle.
test_dead_socket_is_removed()
{
	call
	stop a KILL
	[ -e "$DIR/a/sock" ] || fail "kill -9 left no socket: test is void"
	start a
	wait_for 10 status a
}
