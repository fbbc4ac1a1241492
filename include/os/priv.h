/* SPDX-License-Identifier: ISC */
/*
 * Keeps secrets to this process: no core dumps, no other process of the same
 * user that looks in, no swap.
 * Source: setrlimit(2), mlock(2) on both; Linux: prctl(2) PR_SET_DUMPABLE,
 * mlock2(2), madvise(2) MADV_DONTDUMP.
 * Thread: start-up.
 */
#ifndef OS_PRIV_H
#define OS_PRIV_H

#include <stddef.h>

/* What the system refuses is said in one line of the log; the daemon goes on.
 */
void priv_no_dumps(void);

/*
 * Memory that holds secrets is not swapped out from now on, as far as it is
 * used. Page by page, so neighbours are kept, too. It stays so until the
 * memory goes back to the system.
 */
void priv_lock(void *memory, size_t len);

#endif
