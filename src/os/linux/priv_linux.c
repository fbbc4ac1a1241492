/* SPDX-License-Identifier: ISC */
#include "os/priv.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "os/log.h"

void
priv_no_dumps(void)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };

	/* Not dumpable also means that nobody but root may attach to it. */
	if (setrlimit(RLIMIT_CORE, &none) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		log_warn("core dumps cannot be turned off: %s; "
			 "they would contain keys",
		    strerror(errno));
}

/* madvise(2) wants whole pages. */
static void
whole_pages(uint8_t **memory, size_t *len)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const size_t before = (uintptr_t)*memory % page;

	*memory -= before;
	*len = (*len + before + page - 1) / page * page;
}

/* Pages that are not used yet are locked when they are (MLOCK_ONFAULT, Linux
 * 4.4), so that empty tables cost nothing. */
void
priv_lock(void *memory, size_t len)
{
	uint8_t *p = memory;

	whole_pages(&p, &len);
	(void)madvise(p, len, MADV_DONTDUMP);
	if (mlock2(p, len, MLOCK_ONFAULT) == -1)
		log_warn("keys may be swapped out: %s; "
			 "raise the limit of locked memory (ulimit -l)",
		    strerror(errno));
}
