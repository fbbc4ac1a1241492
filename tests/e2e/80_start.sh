# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# A start that cannot be: one clear line, the right exit code (lansplice(8)),
# nothing left behind.

# A configuration on host a that would work. Tests spoil it.
alone()
{
	host a b
	conf a "$(peer b)" </dev/null
}

# refused CODE PATTERN [COMMAND...]: the daemon of host a ends by itself with
# the code, its one line on stderr matches, and nothing is left.
refused()
{
	refused_code=$1
	refused_pattern=$2
	shift 2
	refused_status=0
	on a timeout -k 1 10 "$@" "${DAEMON:-$LANSPLICE}" run \
	    -c "$DIR/a/conf" >"$DIR/out" 2>"$DIR/err" || refused_status=$?
	note "$(cat "$DIR/err")"
	same "exit code" "$refused_code" "$refused_status"
	same "lines on stderr" 1 "$(wc -l <"$DIR/err")"
	same "lines on stdout" 0 "$(wc -l <"$DIR/out")"
	grep -qE "$refused_pattern" "$DIR/err" ||
	    fail "the line does not say $refused_pattern"
	nothing_left
}

nothing_left()
{
	! on a ip link show "$LAN" >/dev/null 2>&1 || fail "the TAP is left"
	[ ! -e "$DIR/a/sock" ] || fail "the control socket is left"
	same "processes left" "" "$(ip netns pids "$TAG-a")"
}

# spoil SED-EXPRESSION: of the configuration; must change it.
spoil()
{
	cp "$DIR/a/conf" "$DIR/before"
	sed -i "$1" "$DIR/a/conf"
	! cmp -s "$DIR/a/conf" "$DIR/before" || fail "spoils nothing: $1"
}

restore()
{
	cp "$DIR/before" "$DIR/a/conf"
}

test_bad_configuration()
{
	alone
	# expression, tab, what the line says; a missing key has no line
	while IFS='	' read -r expression pattern; do
		spoil "$expression"
		refused 78 "conf:([0-9]+:)? .*$pattern"
		restore
	done <<-'EOF2'
		s/private_key_file/private_key_fil/	private_key_fil
		/private_key_file/d	private_key_file
		s/port = 52077/port = 65536/	listen.port
		s/port = 52077/port = 4294967297/	listen.port|port
		s/port = 52077/port = 052077/	port
		s/port = 52077/port = -1/	listen.port
		s/port = 52077/port = "x"/	listen.port
		s/port = 52077/port = 1; colour = 1/	colour
		s/public_key = "..../public_key = "????/	public_key
		s/public_key = "....*";/public_key = "AAAA";/	public_key
		s/level = "debug"/level = "loud"/	log.level
		s/interface = {\( name = "ls0";\)*/interface = { name = "an-interface-name-that-is-long";/	interface.name
		s|"10.99.0.1/24"|"10.99.0.1"|	interface.address
		s|"10.99.0.1/24"|"10.99.0.300/24"|	interface.address
		1i@include "other.conf"	include
		s/peers = (/peers = (;/	.
		s/endpoint = "[^"]*"/endpoint = "10.99.0.7:52077"/	endpoint
	EOF2
}

test_no_configuration()
{
	alone
	rm "$DIR/a/conf"
	refused 78 "a/conf"
	mkdir "$DIR/a/conf"
	refused 78 "a/conf"
}

test_key_open_to_others()
{
	alone
	for mode in 644 640 604; do
		chmod $mode "$DIR/a/private.key"
		refused 78 "private_key_file.*private.key"
	done
	chmod 600 "$DIR/a/private.key"
	rm "$DIR/a/private.key"
	refused 78 "private_key_file.*private.key"
}

test_busy_port()
{
	alone
	nsenter --net="$NETNS/$TAG-a" nc -u -l -p "$PORT" </dev/null >/dev/null 2>&1 &
	other=$!
	wait_for 10 on a grep -qi ":$(printf %04X "$PORT") " /proc/net/udp
	same "processes" "$other" "$(ip netns pids "$TAG-a" | tr -d '\n')"
	# refused expects an empty host
	nothing_left() {
		! on a ip link show "$LAN" >/dev/null 2>&1 || fail "a TAP is left"
		[ ! -e "$DIR/a/sock" ] || fail "a socket is left"
		same "processes left" "$other" "$(ip netns pids "$TAG-a")"
	}
	refused 1 "$PORT"
}

test_second_daemon()
{
	pair
	cp "$DIR/a/conf" "$DIR/first"
	# of its own in all but the control socket
	sed -i 's/name = "ls0"/name = "ls1"/; s/port = 52077/port = 52078/' "$DIR/a/conf"
	first=$(cat "$DIR/a/pid")
	nothing_left() {
		! on a ip link show ls1 >/dev/null 2>&1 || fail "a TAP is left"
		! on a ip link show bridge101 >/dev/null 2>&1 ||
		    fail "a bridge is left"
		[ -S "$DIR/a/sock" ] || fail "the first one's socket is gone"
		same "processes left" "$first" "$(ip netns pids "$TAG-a")"
	}
	refused 1 "a/sock"
	# the first one has not suffered
	cp "$DIR/first" "$DIR/a/conf"
	connected a b || fail "the first one answers no more"
	pings a "$(inner4 b)" 64
}

test_interface_name_in_use()
{
	only linux # vmnet names its interface itself
	alone
	on a ip link add ls0 type veth peer name ls1
	nothing_left() {
		on a ip link show ls0 >/dev/null || fail "ls0 is gone"
		[ ! -e "$DIR/a/sock" ] || fail "a socket is left"
		same "processes left" "" "$(ip netns pids "$TAG-a")"
	}
	refused 1 "ls0"
}

test_no_permission()
{
	alone
	# The checkout may lie where nobody must not look.
	cp "$LANSPLICE" "$DIR/lansplice"
	chown -R nobody "$DIR/a"
	mkdir "$DIR/a/state"
	chown nobody "$DIR/a/state"
	DAEMON=$DIR/lansplice
	refused 77 "TAP|vmnet|root|CAP_NET_ADMIN" \
	    setpriv --reuid=65534 --regid=65534 --clear-groups
	chown root "$DIR/a/private.key"
	refused 77 "private.key" \
	    setpriv --reuid=65534 --regid=65534 --clear-groups
}

test_usage()
{
	for args in "" "fly" "run -x" "status --colour" "genkey x"; do
		code=0
		# shellcheck disable=SC2086 # words
		"$LANSPLICE" $args >"$DIR/out" 2>"$DIR/err" || code=$?
		same "exit code of lansplice $args" 64 $code
		grep -q '^usage: ' "$DIR/err" || fail "no usage: $args"
	done
}

test_status_without_daemon()
{
	alone
	code=0
	"$LANSPLICE" status -c "$DIR/a/conf" >"$DIR/out" 2>"$DIR/err" ||
	    code=$?
	same "exit code" 1 $code
	same "lines on stderr" 1 "$(wc -l <"$DIR/err")"
}
