/*
 * Memory: one counted pair, and arenas for what is born and dies together.
 *
 * Every block of the project comes from here, so that a test can ask how many live and can make the
 * Nth request fail. Counters are atomic: the clerk's thread allocates too. Sizes are bounded before
 * any arithmetic, so a product cannot wrap.
 */
#ifndef CM_BASE_ALLOC_H
#define CM_BASE_ALLOC_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/base/err.h"

/* Zeroed memory for `count` objects of `size` bytes, or NULL. Free with cm_free. */
void *cm_alloc(size_t count, size_t size) CM_MUST_USE;

/* Grow or shrink to `count` objects of `size` bytes. On NULL the old block lives on. */
void *cm_realloc(void *block, size_t count, size_t size) CM_MUST_USE;

/* Give a block back; NULL is allowed. */
void cm_free(void *block);

/* A counted copy of a string, or NULL. Free with cm_free. */
char *cm_strdup(const char *text) CM_MUST_USE;

/* How many blocks live now: 0 at the end of every test. */
size_t cm_alloc_live(void);

/* Tests: fail the `nth` request from now (1 = the next one) once, or, with `lasting`, that one and
 * all after it; 0 ends it. */
void cm_alloc_fail_at(size_t nth, bool lasting);

/* Whether the failure asked for has happened yet. */
bool cm_alloc_has_failed(void);

/*
 * An arena: many small blocks, freed at once. A decoded message, a plan and an outcome each live in
 * one. `limit` bytes may be handed out in all (0 = no limit): past it requests return NULL.
 */
struct cm_arena {
	struct cm_arena_chunk *chunks; /* owned */
	size_t used;                   /* in the newest chunk */
	size_t total_bytes;
	size_t limit_bytes;
};

void cm_arena_init(struct cm_arena *arena, size_t limit_bytes);
void cm_arena_fini(struct cm_arena *arena);

/* Zeroed, aligned for any object of that size; NULL when memory or the limit is exhausted. Lives
 * until fini. */
void *cm_arena_alloc(struct cm_arena *arena, size_t count, size_t size) CM_MUST_USE;

/* Hand everything in `from` over to `into`: it lives as long as that, and `from` is empty. Asks for no memory;
 * a limit counts for what is asked for later. */
void cm_arena_join(struct cm_arena *into, struct cm_arena *from);

/* Copies into the arena, with a NUL behind them. NULL as above. */
char *cm_arena_text(struct cm_arena *arena, const char *text) CM_MUST_USE;
char *cm_arena_text_n(struct cm_arena *arena, const char *text, size_t bytes) CM_MUST_USE;
char *cm_arena_printf(struct cm_arena *arena, const char *fmt, ...) CM_PRINTF(2, 3) CM_MUST_USE;

#endif
