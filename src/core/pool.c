/* SPDX-License-Identifier: ISC */
#include "core/pool.h"

#include <assert.h>
#include <string.h>

size_t
pool_size(unsigned int count)
{
	return (size_t)count * (POOL_BLOCK + sizeof(uint16_t));
}

void
pool_init(struct pool *p, void *memory, unsigned int count)
{
	assert(count <= POOL_BLOCKS_MAX);
	p->blocks = memory;
	p->free = (uint16_t *)(void *)(p->blocks + (size_t)count * POOL_BLOCK);
	p->count = p->free_count = count;
	/* Low numbers on top: a quiet node touches little memory. */
	for (unsigned int i = 0; i < count; i++)
		p->free[i] = (uint16_t)(count - 1 - i);
}

unsigned int
pool_blocks(size_t len)
{
	return (unsigned int)((len + POOL_BLOCK - 1) / POOL_BLOCK);
}

enum drop
pool_take(struct pool *p, struct pool_chain *chain, size_t len)
{
	const unsigned int n = pool_blocks(len);

	assert(n >= 1 && n <= POOL_CHAIN_MAX);
	chain->len = 0;
	if (n > p->free_count)
		return DROP_POOL;
	for (unsigned int i = 0; i < n; i++)
		chain->block[i] = p->free[--p->free_count];
	chain->len = (uint16_t)len;
	return DROP_NONE;
}

void
pool_give(struct pool *p, struct pool_chain *chain)
{
	/* In reverse, so that the block touched last is used next. */
	for (unsigned int n = pool_blocks(chain->len); n > 0; n--)
		p->free[p->free_count++] = chain->block[n - 1];
	chain->len = 0;
	assert(p->free_count <= p->count);
}

static uint8_t *
pool_block(const struct pool *p, const struct pool_chain *chain, size_t i)
{
	return p->blocks + (size_t)chain->block[i] * POOL_BLOCK;
}

void
pool_write(struct pool *p, const struct pool_chain *chain, size_t offset,
    const uint8_t *src, size_t len)
{
	assert(offset <= chain->len && len <= chain->len - offset);
	while (len > 0) {
		const size_t at = offset % POOL_BLOCK;
		const size_t part = size_min(len, POOL_BLOCK - at);

		memcpy(
		    pool_block(p, chain, offset / POOL_BLOCK) + at, src, part);
		offset += part;
		src += part;
		len -= part;
	}
}

uint8_t *
pool_flat(struct pool *p, const struct pool_chain *chain, uint8_t *scratch)
{
	if (chain->len <= POOL_BLOCK)
		return pool_block(p, chain, 0);
	for (size_t at = 0; at < chain->len; at += POOL_BLOCK)
		memcpy(scratch + at, pool_block(p, chain, at / POOL_BLOCK),
		    size_min(POOL_BLOCK, chain->len - at));
	return scratch;
}
