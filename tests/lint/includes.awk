# SPDX-License-Identifier: ISC
# Reads C files, tells of includes that leave their layer or stand against
# core's order, and writes the edges between modules to a file for tsort.
# Variables from layers.sh: order, os_may, system_may (lists of words), edges.
# include/core/x.h and src/core/x.c are one module, core/x, and so is the
# stand-in src/core/x_none.c; a file of one system keeps its own name:
# src/os/linux/netif_tap.c is os/netif_tap.

BEGIN {
	count = split(order, words, " ")
	for (i = 1; i <= count; i++)
		rank[words[i]] = i
	count = split(os_may, words, " ")
	for (i = 1; i <= count; i++)
		os_ok["core/" words[i]] = 1
	count = split(system_may, words, " ")
	for (i = 1; i <= count; i++)
		system_ok[words[i]] = 1
	printf "" >edges
}

function bad(text) {
	printf "%s:%d: %s\n", FILENAME, FNR, text
}

function check_system(header) {
	if (header == "sodium.h") {
		if (FILENAME !~ /^src\/(core\/(aegis|suite)\.c|daemon\/)/)
			bad("below the daemon, sodium.h is for core/suite.c" \
			    " and core/aegis.c")
	} else if (layer == "core" && !(header in system_ok))
		bad("core must not include <" header ">")
}

function check_own(header, to, to_name) {
	to = header
	sub(/\.h$/, "", to)
	sub(/^os\/(linux|darwin)\//, "os/", to)
	if (to !~ /^(core|os|daemon)\/[a-z0-9_]+$/) {
		bad("write \"" header "\" as \"layer/module.h\"")
		return
	}
	if (to != self)
		print self, to >>edges
	if (layer == "core" && to !~ /^core\//)
		bad("core must not include " header)
	else if (layer == "os" && to ~ /^daemon\//)
		bad("os must not include " header)
	else if (layer == "os" && to ~ /^core\// && !(to in os_ok))
		bad("os may include " os_may " of core, not " header)
	to_name = substr(to, 6)
	if (layer == "core" && to ~ /^core\// && to != self &&
	    (name in rank) && (to_name in rank) && rank[to_name] >= rank[name])
		bad("core/" name " stands before core/" to_name \
		    " in core_order (tests/lint/layers.sh)")
}

FNR == 1 {
	depth = split(FILENAME, words, "/")
	layer = words[2]
	name = words[depth]
	sub(/(_none)?\.[ch]$/, "", name)
	self = layer "/" name
	if (layer == "core" && !(name in rank))
		bad("module " name " is not in core_order: add it in " \
		    "tests/lint/layers.sh, behind all that it includes")
}

/^[ \t]*#[ \t]*include/ {
	if (match($0, /<[^>]*>/))
		check_system(substr($0, RSTART + 1, RLENGTH - 2))
	else if (match($0, /"[^"]*"/))
		check_own(substr($0, RSTART + 1, RLENGTH - 2))
	else
		bad("an include that names no file")
}
