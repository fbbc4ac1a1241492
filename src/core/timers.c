/* SPDX-License-Identifier: ISC */
#include "core/timers.h"

void
timers_init(struct timers *t)
{
	for (int i = 0; i < TIMER_COUNT; i++)
		t->at[i] = NEVER;
	t->next = NEVER;
}

void
timers_arm(struct timers *t, enum timer timer, uint64_t at_ns)
{
	t->at[timer] = at_ns;
	t->next = u64_min(t->next, at_ns);
}

void
timers_stop(struct timers *t, enum timer timer)
{
	/* next is left too early: stopping is for every packet, looking for
	 * the least is not. */
	t->at[timer] = NEVER;
}

bool
timers_armed(const struct timers *t, enum timer timer)
{
	return t->at[timer] != NEVER;
}

enum timer
timers_next(struct timers *t, uint64_t now_ns)
{
	if (now_ns < t->next)
		return TIMER_COUNT;
	t->next = NEVER;
	for (int i = 0; i < TIMER_COUNT; i++) {
		if (t->at[i] <= now_ns) {
			t->at[i] = NEVER;
			t->next = 0;
			return (enum timer)i;
		}
		t->next = u64_min(t->next, t->at[i]);
	}
	return TIMER_COUNT;
}
