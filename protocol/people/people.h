/*
 * The people of a process: its users with their roles, and the tokens they hold.
 *
 * This reads and writes the text of a file of users (JSON) and says whether a token may run an operation. It
 * opens no file (people_file.h) and asks no clock. What it holds are digests and public keys, no secret.
 *
 * Users are named by an id of small letters, digits and hyphens, and by words: the role in which they act,
 * such as "duty counsel, Dublin", which is what other desks and the outcome name them by. No two users of a
 * process have the same words.
 */
#ifndef CM_PEOPLE_PEOPLE_H
#define CM_PEOPLE_PEOPLE_H

#include "protocol/base/alloc.h"
#include "protocol/base/buf.h"
#include "protocol/base/clock.h"
#include "protocol/people/roles.h"
#include "protocol/people/token.h"

#define CM_MAX_PEOPLE_BYTES (4 * 1024 * 1024) /* of the file */
#define CM_MAX_USERS 1000                     /* of a process */
#define CM_MAX_TOKENS 10000                   /* revoked and expired ones counted */
#define CM_MAX_USER_ID_BYTES 64
#define CM_MAX_USER_WORDS_BYTES 200
#define CM_MAX_TOKEN_OPS 32 /* that a token is narrowed to */

struct cm_user {
	const char *id;
	const char *words;
	unsigned duties;
	/* A user of a drill, made with a fleet on one machine: it may act in the words of others (`by`). It is one
	 * person all the same, and signs once. */
	bool is_drill;
};

struct cm_user_token {
	char id[CM_TOKEN_ID_TEXT_BYTES];
	const char *user;
	uint8_t digest[CM_DIGEST_BYTES];   /* of the pass */
	uint8_t key[CM_PUBLIC_KEY_BYTES];  /* that the user signs with */
	unsigned duties;                   /* 0: all of the user's */
	const char *ops[CM_MAX_TOKEN_OPS]; /* none: all that the roles may */
	size_t ops_count;
	const char *region; /* "": everywhere; else at the nodes of that region alone */
	int64_t issued_ms;
	int64_t expires_ms;
	int64_t revoked_ms; /* 0: it is not */
};

struct cm_people {
	struct cm_arena arena; /* owns the texts */
	struct cm_user *users; /* owned by the arena */
	size_t users_count;
	size_t users_cap;
	struct cm_user_token *tokens; /* owned by the arena */
	size_t tokens_count;
	size_t tokens_cap;
};

/* Nobody. */
void cm_people_init(struct cm_people *people);
void cm_people_fini(struct cm_people *people);

/* Read a file's text. On failure there is nobody in `out`, which needs no fini. CM_BAD_INPUT, CM_TOO_LARGE,
 * CM_NO_MEMORY with a sentence. */
enum cm_status cm_people_parse(
    const char *text, size_t len, struct cm_people *out, struct cm_err *err) CM_MUST_USE;

/* The text; `out->failed` when memory ran out. */
void cm_people_print(const struct cm_people *people, struct cm_buf *out);

const struct cm_user *cm_people_user(const struct cm_people *people, const char *id);
struct cm_user_token *cm_people_token(struct cm_people *people, const char *id);

/* Add a user, or give one of that id other words and roles. Texts are copied. CM_DUPLICATE: another has the
 * words. CM_BAD_INPUT. */
enum cm_status cm_people_put_user(
    struct cm_people *people, const struct cm_user *user, struct cm_err *err) CM_MUST_USE;

/* Add a token of a user; `spec` gives its scope and times, digest and key are `token`'s. CM_NOT_FOUND: no such
 * user. CM_BAD_INPUT: a scope that is nobody's. */
enum cm_status cm_people_put_token(struct cm_people *people, const struct cm_user_token *spec,
    const struct cm_token *token, struct cm_err *err) CM_MUST_USE;

/* What an operation is held against. */
struct cm_request {
	const char *process; /* its name, for sentences */
	const char *region;  /* "" for a router and for central */
	const char *op;
	const char *pass; /* as shown; NULL: none */
	struct cm_wall now;
};

/* Who was let in. Borrowed from the people. */
struct cm_grant {
	const struct cm_user *user;        /* NULL: nobody is known by what was shown */
	const struct cm_user_token *token; /* the same */
	unsigned duties;                   /* in which the user acts now */
	const struct cm_permission *permission;
};

/* CM_OK, or CM_NOT_ALLOWED with the sentence why not; CM_UNKNOWN_NAME: nobody may, there is no such operation.
 * `out` is filled as far as it goes, so that a refusal can name who was refused. */
enum cm_status cm_people_check(const struct cm_people *people, const struct cm_request *request,
    struct cm_grant *out, struct cm_err *err) CM_MUST_USE;

#endif
