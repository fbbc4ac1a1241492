# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# Two network namespaces on a veth, a and b, and what runs in them: for the
# scripts of the bench, which read it before they make anything. What was
# made is removed at the end, however it comes.
BUILD=${BUILD:-build}
bin=$(cd "$BUILD" && pwd)
tag=lsb$$
dir=$(mktemp -d)
pids=

cleanup()
{
	trap - EXIT INT TERM HUP
	# shellcheck disable=SC2086 # a list
	[ -z "$pids" ] || kill $pids 2>/dev/null || true
	wait
	ip netns del "$tag-a" 2>/dev/null || true
	ip netns del "$tag-b" 2>/dev/null || true
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

on()
{
	on_side=$1
	shift
	ip netns exec "$tag-$on_side" "$@"
}

# Starts in the background on a side; stopped by stop_all. Not through `on`:
# $! would be a shell that waits for the program.
spawn()
{
	spawn_side=$1
	shift
	ip netns exec "$tag-$spawn_side" "$@" >>"$dir/log" 2>&1 &
	pids="$pids $!"
}

# The next contender must find nothing of this one: it would measure it.
stop_all()
{
	# shellcheck disable=SC2086 # a list
	kill $pids 2>/dev/null || true
	wait
	pids=
	for side in a b; do
		if on $side ip -o link show | grep -q -e ls0 -e fd0; then
			echo "bench: an interface is left over" >&2
			exit 1
		fi
	done
}

wait_ping()
{
	wait_left=100
	until on a ping -q -c 1 -W 1 10.98.0.2 >/dev/null 2>&1; do
		wait_left=$((wait_left - 1))
		if [ $wait_left -eq 0 ]; then
			echo "bench: $1 does not connect" >&2
			tail -n 20 "$dir/log" >&2
			exit 1
		fi
		sleep 0.1
	done
}

underlay()
{
	ip netns add "$tag-a"
	ip netns add "$tag-b"
	ip link add eth0 netns "$tag-a" type veth \
	    peer name eth0 netns "$tag-b"
	on a ip addr add 192.0.2.1/24 dev eth0
	on b ip addr add 192.0.2.2/24 dev eth0
	for side in a b; do
		on $side ip link set eth0 up
		on $side ip link set lo up
	done
}

# --- lansplice: lansplice_prepare CIPHER... once, lansplice_start CIPHER

lansplice_conf()
{
	cat <<EOF
interface = { name = "ls0"; address = "10.98.0.$2/24"; };
private_key_file = "$1.key";
cipher = "$4";
state_dir = "$dir/state-$1";
control = { socket = "$dir/$1.sock"; };
peers = ( { name = "$3"; public_key = "$(cat "$dir/$3.pub")";
    endpoint = "192.0.2.$((3 - $2)):52077"; } );
EOF
}

lansplice_prepare()
{
	for side in a b; do
		(umask 077 && "$bin/lansplice" genkey >"$dir/$side.key")
		"$bin/lansplice" pubkey <"$dir/$side.key" >"$dir/$side.pub"
	done
	for cipher in "$@"; do
		lansplice_conf a 1 b "$cipher" >"$dir/a-$cipher.conf"
		lansplice_conf b 2 a "$cipher" >"$dir/b-$cipher.conf"
	done
}

lansplice_start()
{
	spawn a "$bin/lansplice" run -c "$dir/a-$1.conf"
	spawn b "$bin/lansplice" run -c "$dir/b-$1.conf"
}

# --- numbers, one a line

median()
{
	sort -n | awk '{ v[NR] = $1 }
	    END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}
