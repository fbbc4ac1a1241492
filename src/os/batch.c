/* SPDX-License-Identifier: ISC */
#include "os/batch.h"

int
batch_ask(const struct batch *b, int max)
{
	return b->single && b->singles < BATCH_SINGLES ? 1 : max;
}

void
batch_got(struct batch *b, int asked, int got)
{
	if (asked == 1) {
		b->singles = got == 0 ? 0 : b->singles + 1;
		return;
	}
	b->single = got <= 1;
	b->singles = 0;
}
