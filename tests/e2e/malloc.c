/* SPDX-License-Identifier: ISC */
/*
 * A malloc family of our own, linked into the daemon to prove that its loop
 * thread allocates nothing for packets and peers. --wrap would miss the calls
 * inside libraries; symbols of the program itself take precedence over those
 * of every library.
 * SIGUSR1 forbids: from then on any allocation on the main thread, which is
 * the one that runs the loop, ends the process with a line on stderr. SIGUSR2
 * allows it again. Other threads may always allocate.
 * Memory is taken from one region and never given back: processes are short.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/units.h"

enum {
	HEADER_LEN = 64, /* in front of each block; its size stands there */
	ALIGN_MIN = 16,
};
#define REGION_LEN ((size_t)1 << 30) /* bytes of addresses, not of memory */

static _Atomic(uint8_t *) region;
static atomic_size_t used;
static volatile sig_atomic_t forbidden;

void *reallocarray(void *old, size_t n, size_t size);
void *memalign(size_t align, size_t len);

static void
on_signal(int signo)
{
	forbidden = signo == SIGUSR1;
}

__attribute__((constructor)) static void
nomalloc_init(void)
{
	const struct sigaction act = { .sa_handler = on_signal,
		.sa_flags = SA_RESTART };

	if (sigaction(SIGUSR1, &act, NULL) == -1 ||
	    sigaction(SIGUSR2, &act, NULL) == -1)
		abort();
}

static void
check(void)
{
	static const char text[] = "nomalloc: the loop thread allocates\n";

	if (forbidden == 0 || gettid() != getpid())
		return;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	abort();
}

/* The region is mapped by whoever comes first; a race leaves one unused. */
static uint8_t *
region_base(void)
{
	uint8_t *base = atomic_load(&region);

	if (base != NULL)
		return base;
	uint8_t *mapped = mmap(NULL, REGION_LEN, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mapped == MAP_FAILED)
		abort();
	return atomic_compare_exchange_strong(&region, &base, mapped) ? mapped
								      : base;
}

static void *
take(size_t len, size_t align)
{
	check();
	align = size_max(align, ALIGN_MIN);
	if (len > REGION_LEN / 4 || align > REGION_LEN / 4) {
		errno = ENOMEM;
		return NULL;
	}
	const size_t need = HEADER_LEN + align + len;
	const size_t at = atomic_fetch_add(&used, need);
	if (at + need > REGION_LEN)
		abort();
	uint8_t *block = region_base() + at + HEADER_LEN;
	block += align - (uintptr_t)block % align;
	memcpy(block - HEADER_LEN / 2, &len, sizeof(len));
	return block;
}

void *
malloc(size_t len)
{
	return take(len, ALIGN_MIN);
}

void
free(void *p)
{
	if (p != NULL)
		check();
}

/* What was never taken before is zeroed by the system. */
void *
calloc(size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	return take(n * size, ALIGN_MIN);
}

void *
realloc(void *old, size_t len)
{
	size_t old_len;
	void *p = take(len, ALIGN_MIN);

	if (p == NULL || old == NULL)
		return p;
	memcpy(&old_len, (uint8_t *)old - HEADER_LEN / 2, sizeof(old_len));
	memcpy(p, old, size_min(len, old_len));
	return p;
}

void *
reallocarray(void *old, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(old, n * size);
}

void *
memalign(size_t align, size_t len)
{
	return take(len, align);
}

void *
aligned_alloc(size_t align, size_t len)
{
	return take(len, align);
}

int
posix_memalign(void **out, size_t align, size_t len)
{
	*out = take(len, align);
	return *out == NULL ? ENOMEM : 0;
}
