#include "protocol/base/alloc.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_size_t live_blocks;
static atomic_size_t fail_countdown; /* 0: off; 1: the next request fails */
static atomic_bool fail_lasting;
static atomic_bool has_failed;

#define CM_MAX_BLOCK_BYTES ((size_t)1 << 40)

static bool must_fail(void)
{
	size_t left = atomic_load(&fail_countdown);

	if (left == 0)
		return false;
	if (left > 1) {
		atomic_store(&fail_countdown, left - 1);
		return false;
	}
	atomic_store(&has_failed, true);
	if (!atomic_load(&fail_lasting))
		atomic_store(&fail_countdown, 0);
	return true;
}

void *cm_alloc(size_t count, size_t size)
{
	void *block;

	if (size != 0 && count > CM_MAX_BLOCK_BYTES / size)
		return NULL;
	if (must_fail())
		return NULL;
	block = calloc(count != 0 ? count : 1, size != 0 ? size : 1);
	if (block != NULL)
		atomic_fetch_add(&live_blocks, 1);
	return block;
}

void *cm_realloc(void *block, size_t count, size_t size)
{
	void *grown;

	if (block == NULL)
		return cm_alloc(count, size);
	if (size != 0 && count > CM_MAX_BLOCK_BYTES / size)
		return NULL;
	if (must_fail())
		return NULL;
	grown = realloc(block, count * size != 0 ? count * size : 1);
	return grown;
}

void cm_free(void *block)
{
	if (block == NULL)
		return;
	assert(atomic_load(&live_blocks) > 0);
	atomic_fetch_sub(&live_blocks, 1);
	free(block);
}

char *cm_strdup(const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *copy = cm_alloc(bytes, 1);

	if (copy != NULL)
		memcpy(copy, text, bytes);
	return copy;
}

size_t cm_alloc_live(void)
{
	return atomic_load(&live_blocks);
}

void cm_alloc_fail_at(size_t nth, bool lasting)
{
	atomic_store(&has_failed, false);
	atomic_store(&fail_lasting, lasting);
	atomic_store(&fail_countdown, nth);
}

bool cm_alloc_has_failed(void)
{
	return atomic_load(&has_failed);
}

/* ---- arenas ---------------------------------------------------------------------------------- */

#define CHUNK_BYTES ((size_t)4096) /* the first; each is twice the one before */
#define MOST_CHUNK_BYTES ((size_t)65536)

struct cm_arena_chunk {
	struct cm_arena_chunk *next; /* owned */
	size_t size;
	max_align_t data[];
};

void cm_arena_init(struct cm_arena *arena, size_t limit_bytes)
{
	*arena = (struct cm_arena){.limit_bytes = limit_bytes};
}

void cm_arena_fini(struct cm_arena *arena)
{
	struct cm_arena_chunk *chunk = arena->chunks;

	while (chunk != NULL) {
		struct cm_arena_chunk *next = chunk->next;
		cm_free(chunk);
		chunk = next;
	}
	*arena = (struct cm_arena){.limit_bytes = arena->limit_bytes};
}

void cm_arena_join(struct cm_arena *into, struct cm_arena *from)
{
	struct cm_arena_chunk *last = from->chunks;

	if (last == NULL)
		return;
	while (last->next != NULL)
		last = last->next;
	/* Behind the current chunk, whose rest stays usable. */
	if (into->chunks == NULL) {
		into->chunks = from->chunks;
		into->used = from->used;
	} else {
		last->next = into->chunks->next;
		into->chunks->next = from->chunks;
	}
	into->total_bytes += from->total_bytes;
	*from = (struct cm_arena){.limit_bytes = from->limit_bytes};
}

static size_t next_bytes(const struct cm_arena *arena)
{
	size_t last = arena->chunks != NULL ? arena->chunks->size : 0;

	return last < CHUNK_BYTES        ? CHUNK_BYTES
	       : last < MOST_CHUNK_BYTES ? last * 2
					 : MOST_CHUNK_BYTES;
}

static struct cm_arena_chunk *chunk_new(struct cm_arena *arena, size_t bytes)
{
	bool is_large = bytes > CHUNK_BYTES / 2;
	size_t size = is_large ? bytes : next_bytes(arena);
	struct cm_arena_chunk *chunk = cm_alloc(1, sizeof *chunk + size);

	if (chunk == NULL)
		return NULL;
	chunk->size = size;
	/* A large block gets a chunk of its own behind the current one, whose rest stays usable. */
	if (is_large && arena->chunks != NULL) {
		chunk->next = arena->chunks->next;
		arena->chunks->next = chunk;
	} else {
		chunk->next = arena->chunks;
		arena->chunks = chunk;
		arena->used = 0;
	}
	return chunk;
}

#define UNIT _Alignof(max_align_t)

/* The size of an object is a multiple of its alignment, so the largest power of two in the size
 * aligns it: texts stand side by side, bytes behind bytes. */
static size_t aligned(size_t offset, size_t size)
{
	size_t power = size & (~size + 1);
	size_t unit = power == 0 || power > UNIT ? UNIT : power;

	return (offset + unit - 1) & ~(unit - 1);
}

void *cm_arena_alloc(struct cm_arena *arena, size_t count, size_t size)
{
	struct cm_arena_chunk *chunk = arena->chunks;
	size_t at = aligned(arena->used, size);
	size_t bytes;
	size_t counted;

	/* Most requests are for one object, and need no division. */
	if (size > CM_MAX_BLOCK_BYTES - UNIT ||
	    (count > 1 && size != 0 && count > (CM_MAX_BLOCK_BYTES - UNIT) / size))
		return NULL;
	bytes = count * size != 0 ? count * size : 1;
	counted = (bytes + UNIT - 1) / UNIT * UNIT;
	if (arena->limit_bytes != 0 && (arena->total_bytes > arena->limit_bytes ||
	                                   counted > arena->limit_bytes - arena->total_bytes))
		return NULL;
	if (chunk == NULL || at > chunk->size || bytes > chunk->size - at) {
		chunk = chunk_new(arena, bytes);
		if (chunk == NULL)
			return NULL;
		at = 0;
	}
	if (chunk == arena->chunks)
		arena->used = at + bytes;
	arena->total_bytes += counted;
	return (char *)chunk->data + at;
}

char *cm_arena_text_n(struct cm_arena *arena, const char *text, size_t bytes)
{
	char *copy = cm_arena_alloc(arena, bytes + 1, 1);

	if (copy != NULL && bytes != 0)
		memcpy(copy, text, bytes);
	return copy;
}

char *cm_arena_text(struct cm_arena *arena, const char *text)
{
	return cm_arena_text_n(arena, text, strlen(text));
}

char *cm_arena_printf(struct cm_arena *arena, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int bytes;

	va_start(ap, fmt);
	bytes = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (bytes < 0)
		return NULL;
	text = cm_arena_alloc(arena, (size_t)bytes + 1, 1);
	if (text == NULL)
		return NULL;
	va_start(ap, fmt);
	(void)vsnprintf(text, (size_t)bytes + 1, fmt, ap);
	va_end(ap);
	return text;
}
