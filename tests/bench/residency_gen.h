/*
 * The people of the residency bench: everything about account number N follows from N, so that any
 * answer can be checked without keeping the accounts. No clock, no map, no state.
 *
 * The rows of the map that is measured, by number modulo 20:
 *	0       a tenant's domain entry, "@tenantN.example": its staff has no rows of its own
 *	1       content here, subscriber data in the other region
 *	2       moved away on 2 March 2024, to the other region
 *	3       moved here on 2 March 2024, from there
 *	4       one of the staff of tenant N - 4 with a row of its own
 *	others  a person who has been here since 2019
 * The other region's map has the other halves of 1, 2 and 3.
 */
#ifndef BENCH_RESIDENCY_GEN_H
#define BENCH_RESIDENCY_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define GEN_CYCLE 20
#define GEN_ACCOUNT_BYTES 64

enum gen_kind { GEN_TENANT, GEN_SPLIT, GEN_LEFT, GEN_CAME, GEN_STAFF, GEN_PERSON };

enum gen_map { GEN_HERE, GEN_THERE };

/* Regions of the two maps. */
extern const char *const gen_regions[2];

enum gen_kind gen_kind_of(uint64_t number);

/* Who is asked for: for a tenant, somebody of its staff without a row. */
void gen_account(uint64_t number, char out[GEN_ACCOUNT_BYTES]);

/* Somebody who is in no map. */
void gen_stranger(uint64_t number, char out[GEN_ACCOUNT_BYTES]);

/* Whether a map should say that the account is there, for a category, before or after the move. */
bool gen_is_at(uint64_t number, enum gen_map map, bool is_subscriber, bool is_after_move);

/* The customer kind that the map should give, "" for any. After the change every 20th person is
 * privileged. */
const char *gen_customer(uint64_t number, bool is_changed);

/* Whether the number is one of those that the change file turns. */
bool gen_is_turned(uint64_t number);

/* Write a map's file. `only_turned`: the change file. Returns the rows. */
uint64_t gen_write(FILE *out, enum gen_map map, uint64_t accounts, bool only_turned);

#endif
