/* SPDX-License-Identifier: ISC */
#include "core/roam.h"

#include "core/suite.h"

static bool
roam_has_failed(
    const struct roam *r, const struct addr *remote, uint64_t now_ns)
{
	for (int i = 0; i < ROAM_FAILURES; i++)
		if (addr_equal(&r->failures[i].remote, remote) &&
		    now_ns - r->failures[i].at_ns < ROAM_REFUSE)
			return true;
	return false;
}

bool
roam_start(struct roam *r, const struct sink *sink, uint64_t now_ns,
    const struct path *candidate)
{
	if (addr_is_set(&r->candidate.remote) ||
	    roam_has_failed(r, &candidate->remote, now_ns))
		return false;
	r->candidate = *candidate;
	r->sent = 0;
	sink->random(sink->ctx, r->challenge, sizeof(r->challenge));
	return true;
}

bool
roam_next(struct roam *r, uint64_t now_ns)
{
	if (r->sent < ROAM_CHALLENGES) {
		r->sent++;
		return true;
	}
	r->failures[r->next_failure] = (struct roam_failure){
		.remote = r->candidate.remote,
		.at_ns = now_ns,
	};
	r->next_failure = (r->next_failure + 1) % ROAM_FAILURES;
	roam_stop(r);
	return false;
}

bool
roam_accept(
    struct roam *r, const uint8_t data[static WIRE_PATH_DATA], struct path *to)
{
	if (!addr_is_set(&r->candidate.remote) ||
	    !suite_equal(r->challenge, data, WIRE_PATH_DATA))
		return false;
	*to = r->candidate;
	roam_stop(r);
	return true;
}

void
roam_stop(struct roam *r)
{
	r->candidate = (struct path){ .remote = { .family = ADDR_NONE } };
}
