# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# Who does not hold the right keys, never connects.

# Long enough for a second attempt (retry after 5 s, PROTOCOL section 5).
NEVER=7

never_connected()
{
	start a
	start b
	wait_for 15 counted "$1" "$2"
	never_in $NEVER connected_any
	never_in 1 ping_once a "$(inner4 b)"
}

connected_any()
{
	connected a b || connected b a
}

# a holds another key for b than b has: b does not even look further.
test_wrong_key_of_responder()
{
	host a b c
	cp "$DIR/b/public.key" "$DIR/true.key"
	cp "$DIR/c/public.key" "$DIR/b/public.key"
	conf a "$(peer b)" </dev/null
	cp "$DIR/true.key" "$DIR/b/public.key"
	conf b "$(guest a)" </dev/null
	never_connected b mac1
}

# b does not know a's key.
test_wrong_key_of_initiator()
{
	host a b c
	conf a "$(peer b)" </dev/null
	cp "$DIR/c/public.key" "$DIR/a/public.key"
	conf b "$(guest a)" </dev/null
	never_connected b handshake_peer
}

# secret FILE HOST...: the same random key on each host.
secret()
{
	secret_file=$1
	shift
	(
		umask 077
		"$LANSPLICE" genpsk >"$DIR/secret"
		for name in "$@"; do
			cp "$DIR/secret" "$DIR/$name/$secret_file"
		done
	)
}

with_psk()
{
	conf a "$(peer b 'psk_file = "psk";')" </dev/null
	conf b "$(guest a 'psk_file = "psk";')" </dev/null
}

test_wrong_psk()
{
	host a b
	secret psk a
	secret psk b
	with_psk
	never_connected a handshake_open
}

test_psk_on_one_side()
{
	host a b
	secret psk a
	conf a "$(peer b 'psk_file = "psk";')" </dev/null
	conf b "$(guest a)" </dev/null
	never_connected a handshake_open
}

with_network_key()
{
	for name in a b; do
		echo 'network_key_file = "network";' >"$DIR/$name/network.top"
	done
	conf a "$(peer b 'psk_file = "psk";')" <"$DIR/a/network.top"
	conf b "$(guest a 'psk_file = "psk";')" <"$DIR/b/network.top"
}

test_wrong_network_key()
{
	host a b
	secret psk a b
	secret network a
	secret network b
	with_network_key
	never_connected b mac1
}

test_right_psk_and_network_key()
{
	host a b
	secret psk a b
	secret network a b
	with_network_key
	start a
	start b
	wait_for 15 connected a b
	pings a "$(inner4 b)" 1472
	pings b "$(inner4 a)" 1472
}

# A pinned cipher is used, two different ones have nothing in common.
test_ciphers()
{
	host a b
	echo 'cipher = "chacha20-poly1305";' | conf a "$(peer b)"
	conf b "$(guest a)" </dev/null
	start a
	start b
	wait_for 15 connected a b
	same cipher chacha20-poly1305 "$(peer_of a b .cipher)"
	pings a "$(inner4 b)" 1472
}
