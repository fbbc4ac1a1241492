# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# What tests/demo does on a Mac, on a host that is alone: the far side is a
# daemon without an interface. Nothing here knows what the near side's
# interface is called.

far_check()
{
	host_bare a
	# shellcheck disable=SC2154 # tests/e2e/case says where "here" is
	on a env FAR_FAMILY="$1" TMPDIR="$DIR" "$here/../far/check" \
	    "$LANSPLICE" "${TOOLS%/e2e}/far/lansplice"
}

test_ipv4()
{
	far_check 4
}

test_ipv6()
{
	far_check 6
}
