# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# Three peers: the switch learns, floods what it must, forwards only if told.
# c is the hub of a and b unless a test says otherwise.

BROADCAST=ff:ff:ff:ff:ff:ff
TYPE=0x88b6

# hub FORWARD
hub()
{
	host a b c
	conf a "$(peer c)" </dev/null
	conf b "$(peer c)" </dev/null
	echo "switch = { forward = $1; };" |
	    conf c "$(guest a)" "$(guest b)"
	for name in c a b; do
		start $name
	done
	wait_for 15 connected a c
	wait_for 15 connected b c
	wait_for 15 connected c a
	wait_for 15 connected c b
}

test_hub_forwards()
{
	hub true
	pings a "$(inner4 b)" 1472
	pings b "$(inner4 a)" 1472
	pings c "$(inner4 a)" 64
}

test_hub_does_not_forward()
{
	hub false
	pings a "$(inner4 c)" 64
	pings b "$(inner4 c)" 64
	never_in 4 ping_once a "$(inner4 b)"
}

# The hub knows where b is, and still does not send it there.
test_unicast_is_not_forwarded()
{
	hub false
	pings b "$(inner4 c)" 64
	listen_all
	sent_from a "$(mac_of b)" "$(mac_of a)" 10
	wait_for 10 counted c frame_no_forward
	sent_from a $BROADCAST "$(mac_of a)" 5
	heard c 5
	unheard b
}

listen_all()
{
	for name in a b c; do
		listen at_$name $name "$TOOLS/eth" listen "$LAN" $TYPE
	done
}

listen_all_end()
{
	for name in a b c; do
		listen_end at_$name
	done
}

# sent_from HOST DESTINATION SOURCE COUNT [LENGTH]
sent_from()
{
	on "$1" "$TOOLS/eth" send "$LAN" "$2" "$3" $TYPE "$4" "${5:-100}"
}

# Frames may still be on their way when the awaited ones are there.
settle()
{
	sleep 1
}

# heard HOST COUNT: that many frames came, each number once.
heard()
{
	wait_for 10 lines_are "at_$1" good "$2"
	settle
	same "frames at $1" "$2" "$(lines "at_$1" good)"
	same "different frames at $1" "$2" \
	    "$(grep good "$DIR/at_$1" | cut -d' ' -f1 | sort -u | wc -l)"
}

unheard()
{
	same "frames at $1" 0 "$(lines "at_$1" good)"
}

test_broadcast_once_through_hub()
{
	hub true
	listen_all
	sent_from a $BROADCAST "$(mac_of a)" 50
	heard b 50
	heard c 50
	unheard a
}

test_broadcast_once_in_mesh()
{
	host a b c
	conf a "$(peer b)" "$(peer c)" </dev/null
	conf b "$(peer a)" "$(peer c)" </dev/null
	conf c "$(peer a)" "$(peer b)" </dev/null
	for name in a b c; do
		start $name
	done
	for name in a b c; do
		for other in a b c; do
			[ $name = $other ] ||
			    wait_for 20 connected $name $other
		done
	done
	listen_all
	sent_from a $BROADCAST "$(mac_of a)" 50 1514
	heard b 50
	heard c 50
	unheard a
}

# station_speaks HOST OTHER: until the hub and the other host have heard it.
station_speaks()
{
	listen_all
	sent_from "$1" $BROADCAST "$station" 1
	wait_for 10 lines_are at_c good 1
	wait_for 10 lines_are "at_$2" good 1
	listen_all_end
}

# A station moves from behind a to behind b; the hub sends after it.
test_mac_moves()
{
	station=02:00:00:00:00:77
	hub true
	station_speaks a b
	listen_all
	sent_from c $station "$(mac_of c)" 10
	heard a 10
	unheard b
	listen_all_end

	station_speaks b a
	listen_all
	sent_from c $station "$(mac_of c)" 10
	heard b 10
	unheard a
}

# To a station that nobody has heard of, a frame goes everywhere.
test_unknown_station_is_flooded()
{
	hub true
	listen_all
	sent_from a 02:00:00:00:00:99 "$(mac_of a)" 10
	heard b 10
	heard c 10
	unheard a
}
