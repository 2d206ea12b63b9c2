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

#define CHUNK_BYTES ((size_t)4096)

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

static struct cm_arena_chunk *chunk_new(struct cm_arena *arena, size_t bytes)
{
	size_t size = bytes > CHUNK_BYTES / 2 ? bytes : CHUNK_BYTES;
	struct cm_arena_chunk *chunk = cm_alloc(1, sizeof *chunk + size);

	if (chunk == NULL)
		return NULL;
	chunk->size = size;
	/* A large block gets a chunk of its own behind the current one, whose rest stays usable. */
	if (bytes > CHUNK_BYTES / 2 && arena->chunks != NULL) {
		chunk->next = arena->chunks->next;
		arena->chunks->next = chunk;
	} else {
		chunk->next = arena->chunks;
		arena->chunks = chunk;
		arena->used = 0;
	}
	return chunk;
}

void *cm_arena_alloc(struct cm_arena *arena, size_t count, size_t size)
{
	const size_t unit = _Alignof(max_align_t);
	struct cm_arena_chunk *chunk = arena->chunks;
	size_t bytes;
	char *block;

	if (size != 0 && count > (CM_MAX_BLOCK_BYTES - unit) / size)
		return NULL;
	bytes = (count * size + unit - 1) / unit * unit;
	if (bytes == 0)
		bytes = unit;
	if (arena->limit_bytes != 0 && bytes > arena->limit_bytes - arena->total_bytes)
		return NULL;
	if (chunk == NULL || bytes > chunk->size - arena->used) {
		chunk = chunk_new(arena, bytes);
		if (chunk == NULL)
			return NULL;
	}
	if (chunk == arena->chunks) {
		block = (char *)chunk->data + arena->used;
		arena->used += bytes;
	} else {
		block = (char *)chunk->data;
	}
	arena->total_bytes += bytes;
	return block;
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
