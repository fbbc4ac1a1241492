# SPDX-License-Identifier: ISC
# The keys that a sample configuration shows, set or commented out, one a
# line, with the names of their groups in front: interface.mtu, peers.name.
# A comment shows a key if nothing but "name = value;" stands in it.

function path(name, i, all) {
	all = ""
	for (i = 1; i <= depth; i++)
		all = all (group[i] == "" ? "" : group[i] ".")
	return all name
}

{
	if ($0 ~ /^[ \t]*#[ \t]*[a-z_]+ = [^ ].*;$/)
		sub(/#/, "")
	gsub(/"[^"]*"/, "0")
	sub(/#.*/, "")
	while (match($0, /[a-z_]+[ \t]*=|[{}()]/)) {
		token = substr($0, RSTART, RLENGTH)
		$0 = substr($0, RSTART + RLENGTH)
		if (token ~ /=/) {
			sub(/[ \t]*=/, "", token)
			pending = token
			if ($0 !~ /^[ \t]*[{]/)
				print path(token)
		} else if (token ~ /[{(]/) {
			group[++depth] = pending
			pending = ""
		} else {
			depth--
			pending = ""
		}
	}
}
