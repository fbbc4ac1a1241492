/* SPDX-License-Identifier: ISC */
#include "os/priv.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "os/log.h"

void
priv_no_dumps(void)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };

	if (setrlimit(RLIMIT_CORE, &none) == -1)
		log_warn("core dumps cannot be turned off: %s; "
			 "they would contain keys",
		    strerror(errno));
}

/* mlock(2) of macOS rounds to whole pages. */
void
priv_lock(void *memory, size_t len)
{
	if (mlock(memory, len) == -1)
		log_warn("keys may be swapped out: %s", strerror(errno));
}
