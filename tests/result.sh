# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# How every driver tells what came of a test: one line on stdout, and the same
# line at the end of the file $RESULTS if tests/run counts.

# result ok|not|skip NAME [WHY]
result()
{
	case $1 in
	not) result_line="not ok $2${3:+ ($3)}" ;;
	*) result_line="$1 $2${3:+ ($3)}" ;;
	esac
	printf '%s\n' "$result_line"
	if [ -n "${RESULTS:-}" ]; then
		printf '%s\n' "$result_line" >>"$RESULTS"
	fi
}
