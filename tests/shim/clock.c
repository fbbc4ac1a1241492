/* SPDX-License-Identifier: ISC */
#include "clock.h"

#include <stdatomic.h>
#include <time.h>

#include "core/units.h"

int __real_clock_gettime(clockid_t id, struct timespec *out);
int __wrap_clock_gettime(clockid_t id, struct timespec *out);

static _Atomic uint64_t asleep_ns;
static _Atomic uint64_t passed_ns;

void
shim_clock_sleep(uint64_t ns)
{
	atomic_fetch_add(&asleep_ns, ns);
}

void
shim_clock_pass(uint64_t ns)
{
	atomic_fetch_add(&passed_ns, ns);
}

static void
add_time(struct timespec *t, uint64_t more_ns)
{
	const uint64_t ns = (uint64_t)t->tv_nsec + more_ns;

	t->tv_sec += (time_t)(ns / SEC(1));
	t->tv_nsec = (long)(ns % SEC(1));
}

/* A clock of Linux that runs as the one asked for does while awake. */
static clockid_t
awake_clock(clockid_t id)
{
	return id == CLOCK_UPTIME_RAW ? CLOCK_MONOTONIC_RAW : id;
}

int
__wrap_clock_gettime(clockid_t id, struct timespec *out)
{
	const int rc = __real_clock_gettime(awake_clock(id), out);

	if (rc == 0 &&
	    (id == CLOCK_MONOTONIC_RAW || id == CLOCK_MONOTONIC ||
		id == CLOCK_REALTIME))
		add_time(
		    out, atomic_load(&asleep_ns) + atomic_load(&passed_ns));
	if (rc == 0 && id == CLOCK_UPTIME_RAW)
		add_time(out, atomic_load(&passed_ns));
	return rc;
}
