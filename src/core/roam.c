/* SPDX-License-Identifier: ISC */
#include "core/roam.h"

#include "core/suite.h"

bool
roam_start(struct roam *r, const struct sink *sink, uint64_t now_ns,
    const struct path *candidate)
{
	if (addr_is_set(&r->candidate.remote) ||
	    (addr_equal(&r->failed, &candidate->remote) &&
		now_ns - r->failed_ns < ROAM_REFUSE))
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
	r->failed = r->candidate.remote;
	r->failed_ns = now_ns;
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
