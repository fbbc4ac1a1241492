/* SPDX-License-Identifier: ISC */
/*
 * Blocks of 2 KiB for all frames that are kept: those that wait for a
 * handshake and those of which fragments are missing. A frame takes a chain
 * of blocks, nearly always of one.
 * Thread: loop. Memory: the caller's; nothing is allocated.
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/units.h"

enum {
	POOL_BLOCK = 2048,  /* bytes */
	POOL_CHAIN_MAX = 8, /* blocks of the longest frame, 16384 bytes */
	POOL_BLOCKS_MAX = UINT16_MAX,
};

struct pool {
	uint8_t *blocks; /* count * POOL_BLOCK bytes */
	uint16_t *free;  /* numbers of the free blocks, a stack */
	unsigned int free_count;
	unsigned int count;
};

/* A frame kept in the pool. len 0: empty, owns no block. */
struct pool_chain {
	uint16_t len; /* bytes */
	uint16_t block[POOL_CHAIN_MAX];
};

/* Bytes of memory for a pool of count blocks. */
size_t pool_size(unsigned int count);

/* memory: pool_size(count) bytes, aligned to 64. */
void pool_init(struct pool *p, void *memory, unsigned int count);

/* Blocks that len bytes take. */
unsigned int pool_blocks(size_t len);

/*
 * Takes room for len bytes (1..POOL_CHAIN_MAX * POOL_BLOCK). DROP_NONE, or
 * DROP_POOL and then the chain is empty.
 */
MUST_USE enum drop pool_take(
    struct pool *p, struct pool_chain *chain, size_t len);

/* Gives the chain's blocks back and empties it; an empty one is fine. */
void pool_give(struct pool *p, struct pool_chain *chain);

/* Copies len bytes into the chain at offset; they must fit. */
void pool_write(struct pool *p, const struct pool_chain *chain, size_t offset,
    const uint8_t *src, size_t len);

/*
 * The chain's bytes in one piece: in place where they lie in one block, else
 * copied to scratch, which has room for chain->len bytes.
 */
uint8_t *pool_flat(
    struct pool *p, const struct pool_chain *chain, uint8_t *scratch);

#endif
