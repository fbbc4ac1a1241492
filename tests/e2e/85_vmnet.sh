# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# only darwin
# What vmnet may do to us, on its stand-in (tests/shim/shim.h says which words
# it knows).

# shim HOST WORDS: tells the stand-in of a running daemon; prints its answer.
shim()
{
	printf '%s' "$2" | nc -u -U -w 1 "$DIR/$1/shim"
}

shim_start()
{
	shim_host=$1
	shift
	start "$shim_host" env SHIM_CONTROL="$DIR/$shim_host/shim" "$@"
}

# A pair whose host a has the control socket, and all that stdin says on top.
vmnet_pair()
{
	host a b
	conf a "$(peer b)"
	conf b "$(peer a)" </dev/null
	shim_start a "$@"
	start b
	wait_for 15 connected a b
	wait_for 15 connected b a
	pings a "$(inner4 b)" 1472
}

restarts_are()
{
	[ "$(status_of a .interface.restarts)" -eq "$1" ]
}

pings_work()
{
	ping_once a "$(inner4 b)" && ping_once b "$(inner4 a)"
}

# What must be true of a daemon that used vmnet as it should.
behaved()
{
	counts=$(shim a counts)
	note "$counts"
	case $counts in
	*refused=0,misuses=0,dhcp=0*) ;;
	*) fail "the stand-in complains: $counts" ;;
	esac
}

# repaired WORDS REASON [SETTING...]: after that harm, there is one restart for
# that reason, and frames pass again.
repaired()
{
	shim a "$1" >/dev/null
	wait_for 30 restarts_are 1
	wait_for 30 pings_work
	pings a "$(inner4 b)" 1472
	grep -q "interface=bridge[0-9]* restarts reason=$2" "$DIR/a/log" ||
	    fail "the log does not say $2"
	grep -q 'interface=bridge[0-9]* up again' "$DIR/a/log" ||
	    fail "the log does not say that it is back"
	restarts_are 1 || fail "more than one restart"
	stop a
	same "exit code" 0 "$(cat "$DIR/a/status")"
}

test_plain_use()
{
	vmnet_pair SHIM_VMNET=read_max=256,clobber=1 </dev/null
	behaved
	shim a counts | grep -q 'starts=1,stops=0,live=1' ||
	    fail "$(shim a counts)"
}

test_read_error_is_repaired()
{
	vmnet_pair </dev/null
	# an error is seen when something is read
	shim a read_fail=3 >/dev/null
	ping_once a "$(inner4 b)" || true
	repaired spurious VMNET_FAILURE
}

# One that passes is none.
test_one_read_error()
{
	vmnet_pair </dev/null
	shim a read_fail=1,read_status=1007 >/dev/null
	wait_for 15 pings_work
	pings a "$(inner4 b)" 1472
	restarts_are 0 || fail "restarted"
}

test_dead_interface_is_repaired()
{
	vmnet_pair </dev/null
	repaired dead VMNET_INVALID_ACCESS
}

test_lost_address_is_repaired()
{
	vmnet_pair </dev/null
	repaired address_lost address-gone
}

test_lost_bridge_is_repaired()
{
	vmnet_pair </dev/null
	repaired bridge_gone address-gone
}

# Starts that fail in a row are one line, and are tried again.
test_repair_fails_at_first()
{
	vmnet_pair </dev/null
	shim a start_fail=2,start_status=1009 >/dev/null
	repaired dead VMNET_INVALID_ACCESS
	same "lines of failed starts" 1 \
	    "$(grep -c 'down status=VMNET_SHARING_SERVICE_BUSY' "$DIR/a/log")"
}

# A start that is never answered ends the daemon: launchd starts another.
test_repair_is_never_answered()
{
	vmnet_pair </dev/null
	shim a start_mute=1 >/dev/null
	shim a dead >/dev/null
	wait_for 60 grep -q 'gone reason=no-answer-to-start' "$DIR/a/log"
	code=0
	wait "$(cat "$DIR/a/pid")" || code=$?
	same "exit code" 1 $code
}

newer_than()
{
	[ "$(handshake_of a b)" != "$1" ]
}

slept()
{
	grep -q 'network changed reason=woke-up' "$DIR/a/log"
}

test_sleep_and_wake()
{
	vmnet_pair </dev/null
	before=$(handshake_of a b)
	shim a 'sleep 3600' >/dev/null
	wait_for 9 slept
	wait_for 9 pings_work
	wait_for 9 newer_than "$before"
	restarts_are 0 || fail "a healthy interface was restarted"
	behaved
}

# failing_start STATUS CODE: the daemon names the status and ends.
failing_start()
{
	code=0
	on a env SHIM_VMNET="start_fail=1,start_status=$1" timeout 20 \
	    "$LANSPLICE" run -c "$DIR/a/conf" >"$DIR/out" 2>&1 || code=$?
	note "$(cat "$DIR/out")"
	same "exit code" "$2" "$code"
	grep -q "vmnet cannot make the interface: VMNET_[A-Z_]* ($1); ." \
	    "$DIR/out" || fail "the status is not named"
	! on a ip link show bridge100 2>/dev/null || fail "the bridge is left"
}

test_start_fails()
{
	host a b
	conf a "$(peer b)" </dev/null
	for status in 1001 1002 1003 1004 1006 1007 1008 1009; do
		failing_start $status 1
	done
	failing_start 1005 77
	failing_start 1010 77
	code=0
	on a env SHIM_VMNET=start_null=1 timeout 20 "$LANSPLICE" run \
	    -c "$DIR/a/conf" >"$DIR/out" 2>&1 || code=$?
	same "exit code" 1 $code
	grep -q VMNET_FAILURE "$DIR/out" || fail "$(cat "$DIR/out")"
}

test_start_is_never_answered()
{
	host a b
	conf a "$(peer b)" </dev/null
	code=0
	on a env SHIM_VMNET=start_mute=1 timeout 60 "$LANSPLICE" run \
	    -c "$DIR/a/conf" >"$DIR/out" 2>&1 || code=$?
	same "exit code" 1 $code
	grep -q 'vmnet does not answer' "$DIR/out" || fail "$(cat "$DIR/out")"
}

# launchd gives 10 s; we promise 3.
test_stop_is_never_answered()
{
	vmnet_pair </dev/null
	shim a stop_mute=1 >/dev/null
	began=$(date +%s)
	stop a
	took=$(($(date +%s) - began))
	same "exit code" 0 "$(cat "$DIR/a/status")"
	[ $took -le 9 ] || fail "took $took s"
}

test_stop_is_refused()
{
	vmnet_pair </dev/null
	shim a stop_fail=1 >/dev/null
	stop a
	same "exit code" 0 "$(cat "$DIR/a/status")"
}

test_slow_start_and_stop()
{
	vmnet_pair SHIM_VMNET=start_delay=1500,stop_delay=500 </dev/null
	stop a
	same "exit code" 0 "$(cat "$DIR/a/status")"
	! on a ip link show bridge100 >/dev/null 2>&1 || fail "it is left"
}

test_full_buffers_upstairs()
{
	vmnet_pair </dev/null
	shim a write_fail=2 >/dev/null # BUFFER_EXHAUSTED, and once more
	wait_for 15 pings_work
	shim a write_fail=1 >/dev/null # after one the retry gets through
	pings a "$(inner4 b)" 1472
	restarts_are 0 || fail "a full buffer is no reason for a restart"
}

test_mac_and_mtu()
{
	vmnet_pair <<-'EOF2'
		interface = { address = "10.99.0.1/24"; mtu = 9000;
		    mac = "02:00:00:00:00:77"; };
	EOF2
	same "MAC" 02:00:00:00:00:77 "$(mac_of a)"
	same "MAC in status" 02:00:00:00:00:77 "$(status_of a .interface.mac)"
	on a ip link show bridge100 | grep -q 'mtu 9000' ||
	    fail "$(on a ip link show bridge100)"
	repaired dead VMNET_INVALID_ACCESS
}

# The Mac that is bridged to its LAN joins a station there to the tunnel.
test_bridged()
{
	host a b
	host_bare station
	on a ip link add en5 type veth peer name eth0 netns "$TAG-station"
	on a ip link set en5 up
	on station ip link set eth0 up
	on station ip addr add "$(inner4 station)/24" dev eth0
	echo 'interface = { mode = "bridged"; device = "en5"; };' |
	    conf a "$(peer b)"
	conf b "$(peer a)" </dev/null
	shim_start a
	start b
	wait_for 15 connected a b
	same "name" en5 "$(status_of a .interface.name)"
	wait_for 15 ping_once b "$(inner4 station)"
	pings b "$(inner4 station)" 1472
	pings station "$(inner4 b)" 1472
	on a "$LANSPLICE" interfaces >"$DIR/interfaces"
	grep -qx en5 "$DIR/interfaces" || fail "$(cat "$DIR/interfaces")"
	! grep -qx lo "$DIR/interfaces" || fail "lists lo"
	shim a 'sleep 60' >/dev/null
	wait_for 30 restarts_are 1
	wait_for 30 ping_once station "$(inner4 b)"
	grep -q 'interface=en5 restarts reason=woke-up' "$DIR/a/log" ||
	    fail "no restart after sleep"
}

test_shared()
{
	host a b
	echo 'interface = { mode = "shared"; address = "10.99.0.1/24"; };' |
	    conf a "$(peer b)"
	conf b "$(peer a)" </dev/null
	shim_start a
	start b
	wait_for 15 connected a b
	pings a "$(inner4 b)" 1472
}
