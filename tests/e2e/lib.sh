# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# What the scenarios are written in. A host is a network namespace; all hosts
# hang on one underlay network, a bridge in a namespace of its own, as eth0.
#
#   host a                 makes host a; its number counts from 1
#   key a                  gives it a key pair
#   conf a PEER... <<EOF   writes its configuration: what stdin says, first
#   peer b [SETTING...]    a peer group for conf: b's key, name and endpoint
#   guest b [SETTING...]  the same without an endpoint
#   start a, stop a [SIG]  its daemon
#   connected a b          a has a session with b
#   wait_for N COMMAND...  until the command succeeds; fails after N seconds
#
# Host number N has 192.0.2.N and 2001:db8::N outside; its daemon's interface
# is $LAN with 10.99.0.N and fd99::N inside. A test fails by `fail TEXT` or by
# any command that fails (set -e), and is left out by `skip TEXT`.
# Sourced by tests/e2e/case; there, TAG is the prefix of all names on this
# machine, DIR the test's folder.

PORT=52077

# SHAPE is linux, or darwin: the daemon as the Mac runs it, on stand-ins
# (tests/shim), whose vmnet names its interface itself. LAN is that name, and
# LAN_NAME what the configuration says of it.
SHAPE=${SHAPE:-linux}
if [ "$SHAPE" = darwin ]; then
	LAN=bridge100
	LAN_NAME=
else
	LAN=ls0
	LAN_NAME='name = "ls0";'
fi

# lan_address HOST: the address that an interface without one needs after
# all: vmnet wants it.
lan_address()
{
	[ "$SHAPE" = linux ] || echo "address = \"$(inner4 "$1")/24\";"
}

# only SHAPE: tests/e2e/run leaves such a test out of the other shape's run.
only()
{
	[ "$SHAPE" = "$1" ] || fail "not a test of the shape $SHAPE"
}

fail()
{
	echo "FAIL: $*"
	exit 1
}

skip()
{
	echo "SKIP: $*"
	exit 77
}

note()
{
	echo "    $*"
}

# --- hosts and wires

# Runs a command on a host. "ip netns exec" and "ip -n" mount a /sys of
# their own, which fails in a chroot; so nothing here looks at /sys/class/net.
NETNS=/run/netns

on()
{
	on_host=$1
	shift
	nsenter --net="$NETNS/$TAG-$on_host" "$@"
}

# A namespace whose interfaces are usable at once: no duplicate address
# detection, no router discovery.
netns_add()
{
	ip netns add "$TAG-$1"
	mkdir -p "$DIR/$1"
	# shellcheck disable=SC2016 # for the inner shell
	on "$1" sh -c '
		cd /proc/sys/net
		for scope in all default; do
			echo 0 >ipv6/conf/$scope/accept_dad
			echo 0 >ipv6/conf/$scope/accept_ra
			echo 0 >ipv6/conf/$scope/router_solicitations
		done
		ip link set lo up'
}

underlay_add()
{
	netns_add net
	on net ip link add br0 type bridge
	on net ip link set br0 up
}

# A cable from eth0 of a host to the underlay.
wire_add()
{
	on "$1" ip link add eth0 type veth \
	    peer name "$1" netns "$TAG-net"
	on net ip link set dev "$1" master br0 up
	on "$1" ip link set eth0 up
}

number()
{
	cat "$DIR/$1/number"
}

outer4() { echo "192.0.2.$(number "$1")"; }
outer6() { echo "2001:db8::$(number "$1")"; }
inner4() { echo "10.99.0.$(number "$1")"; }
inner6() { echo "fd99::$(number "$1")"; }

# A host without a cable.
hosts=0
host_bare()
{
	netns_add "$1"
	hosts=$((hosts + 1))
	echo "$hosts" >"$DIR/$1/number"
	key "$1"
}

host()
{
	for host_name in "$@"; do
		[ -d "$DIR/net" ] || underlay_add
		host_bare "$host_name"
		wire_add "$host_name"
		on "$host_name" ip addr add \
		    "$(outer4 "$host_name")/24" dev eth0
		on "$host_name" ip addr add \
		    "$(outer6 "$host_name")/64" dev eth0
	done
}

# --- the daemon

key()
{
	(
		umask 077
		"$LANSPLICE" genkey >"$DIR/$1/private.key"
	)
	"$LANSPLICE" pubkey <"$DIR/$1/private.key" >"$DIR/$1/public.key"
}

# guest NAME [SETTING...]: a peer that calls us.
guest()
{
	guest_name=$1
	shift
	printf '{ name = "%s"; public_key = "%s"; %s }' "$guest_name" \
	    "$(cat "$DIR/$guest_name/public.key")" "$*"
}

# peer NAME [SETTING...]: a peer whose address is known.
peer()
{
	peer_name=$1
	shift
	guest "$peer_name" "endpoint = \"$(outer4 "$peer_name"):$PORT\";" "$*"
}

peer6()
{
	peer_name=$1
	shift
	guest "$peer_name" \
	    "endpoint = \"[$(outer6 "$peer_name")]:$PORT\";" "$*"
}

# conf NAME PEER... : stdin is put on top; a line there replaces the same key
# of the common part (libconfig refuses a key given twice).
conf()
{
	conf_name=$1
	shift
	conf_dir=$DIR/$conf_name
	cat >"$conf_dir/top"
	{
		cat "$conf_dir/top"
		grep -q '^interface' "$conf_dir/top" || printf \
		    'interface = { %s address = [ "%s/24", "%s/64" ]; };\n' \
		    "$LAN_NAME" "$(inner4 "$conf_name")" "$(inner6 "$conf_name")"
		grep -q '^listen' "$conf_dir/top" ||
		    echo "listen = { port = $PORT; };"
		echo 'log = { level = "debug"; };'
		echo 'private_key_file = "private.key";'
		echo "control = { socket = \"$conf_dir/sock\"; };"
		echo "state_dir = \"$conf_dir/state\";"
		echo 'peers = ('
		conf_comma=
		for conf_peer in "$@"; do
			printf '%s%s\n' "$conf_comma" "$conf_peer"
			conf_comma=,
		done
		echo ');'
	} >"$conf_dir/conf"
}

# start NAME [COMMAND...]: what the daemon runs under, env or faketime, say.
start()
{
	start_name=$1
	shift
	# not through `on`: $! would be a shell that waits for the daemon
	nsenter --net="$NETNS/$TAG-$start_name" "$@" "$LANSPLICE" run -c "$DIR/$start_name/conf" \
	    >>"$DIR/$start_name/log" 2>&1 &
	echo $! >"$DIR/$start_name/pid"
}

# Ends a daemon and waits for it; prints its status.
stop()
{
	stop_pid=$(cat "$DIR/$1/pid")
	kill "-${2:-TERM}" "$stop_pid" 2>/dev/null || true
	rm -f "$DIR/$1/pid"
	stop_status=0
	wait "$stop_pid" || stop_status=$?
	echo "$stop_status" >"$DIR/$1/status"
}

alive()
{
	kill -0 "$(cat "$DIR/$1/pid")" 2>/dev/null
}

# Two hosts, each knowing the other's address, connected.
pair()
{
	host a b
	conf a "$(peer b)" </dev/null
	conf b "$(peer a)" </dev/null
	start a
	start b
	wait_for 15 connected a b
	wait_for 15 connected b a
}

# --- what the daemon says

status()
{
	"$LANSPLICE" status -c "$DIR/$1/conf" --json
}

# status_of NAME FILTER: one value out of the status (jq).
status_of()
{
	status "$1" 2>/dev/null | jq -r "$2"
}

# peer_of NAME PEER FIELD
peer_of()
{
	status_of "$1" ".peers[] | select(.name == \"$2\") | $3"
}

connected()
{
	[ "$(peer_of "$1" "$2" .up)" = true ]
}

handshake_of()
{
	peer_of "$1" "$2" .handshake_time
}

endpoint_of()
{
	peer_of "$1" "$2" .endpoint
}

# drops NAME COUNTER: how often; 0 where the status leaves it out.
drops()
{
	status_of "$1" ".drops.$2 // 0"
}

counted()
{
	[ "$(drops "$1" "$2")" -gt 0 ]
}

# --- waiting

# wait_for SECONDS COMMAND...: seconds are generous, for they only matter when
# something is broken.
wait_for()
{
	wait_end=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$wait_end" ] || fail "in vain: $*"
		sleep 0.1
	done
}

# Checks that a command does not succeed at any time within the seconds.
never_in()
{
	never_end=$(($(date +%s) + $1))
	shift
	while [ "$(date +%s)" -lt "$never_end" ]; do
		if "$@" >/dev/null 2>&1; then
			fail "should not be: $*"
		fi
		sleep 0.2
	done
}

same()
{
	[ "$2" = "$3" ] || fail "$1: expected '$2', found '$3'"
}

# pings HOST ADDRESS SIZE: three with don't-fragment, each answered.
pings()
{
	on "$1" ping -M "do" -c 3 -i 0.2 -W 5 -s "$3" "$2" \
	    >"$DIR/ping" 2>&1 || true
	grep -q '3 packets transmitted, 3 received' "$DIR/ping" && return
	sed 's/^/    /' "$DIR/ping"
	fail "$1 to $2, $3 bytes: $(grep loss "$DIR/ping")"
}

ping_once()
{
	on "$1" ping -q -c 1 -W 1 "$2" >/dev/null
}

# Starts a tool that prints "ready" when it listens, output to a file.
#   listen FILE HOST COMMAND...
listen()
{
	listen_file=$DIR/$1
	listen_host=$2
	shift 2
	rm -f "$listen_file"
	nsenter --net="$NETNS/$TAG-$listen_host" "$@" >"$listen_file" 2>&1 &
	echo $! >"$listen_file.pid"
	wait_for 10 grep -q '^ready' "$listen_file"
}

listen_end()
{
	kill "$(cat "$DIR/$1.pid")"
	wait "$(cat "$DIR/$1.pid")" || true
}

# lines FILE PATTERN: how many there are by now.
lines()
{
	grep -c "$2" "$DIR/$1" || true
}

lines_are()
{
	[ "$(lines "$1" "$2")" -eq "$3" ]
}

# capture FILE HOST INTERFACE FILTER: tcpdump until capture_end.
capture()
{
	capture_file=$DIR/$1
	rm -f "$capture_file.log"
	shift
	nsenter --net="$NETNS/$TAG-$1" tcpdump --immediate-mode -U -s 0 -i "$2" -w "$capture_file" "$3" \
	    2>"$capture_file.log" &
	echo $! >"$capture_file.pid"
	wait_for 10 grep -q 'listening on' "$capture_file.log"
}

capture_end()
{
	sleep 0.5 # for what it has yet to take
	kill -TERM "$(cat "$DIR/$1.pid")"
	wait "$(cat "$DIR/$1.pid")" || true
}

# captured FILE FILTER: how many packets of a capture match.
captured()
{
	tcpdump -n -r "$DIR/$1" "$2" 2>/dev/null | wc -l
}

# none_captured WHAT FILE FILTER: fails and shows them if there are any.
none_captured()
{
	tcpdump -n -r "$DIR/$2" "$3" >"$DIR/odd" 2>/dev/null
	[ ! -s "$DIR/odd" ] || fail "$1: $(head -n 3 "$DIR/odd")"
}

mac_of()
{
	on "$1" ip -o link show dev "$LAN" |
	    sed -n 's|.* link/ether \([0-9a-f:]*\) .*|\1|p'
}
