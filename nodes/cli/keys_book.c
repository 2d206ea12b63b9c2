#include "nodes/cli/keys_book.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "nodes/cli/fleet_file.h"
#include "protocol/base/id.h"

enum cm_status cm_keys_read_file(const char *path, struct cm_buf *out, struct cm_err *err)
{
	FILE *file = fopen(path, "re");
	uint8_t block[4096];
	enum cm_status status = CM_OK;
	size_t got;

	if (file == NULL)
		return cm_err_set(err, errno == ENOENT ? CM_NOT_FOUND : CM_IO, "%s: %s", path,
		    strerror(errno));
	while ((got = fread(block, 1, sizeof block, file)) > 0 &&
	       out->len + got <= cm_signed_manifest_schema.most_bytes)
		cm_buf_add(out, block, got);
	if (ferror(file))
		status = cm_err_set(err, CM_IO, "%s: %s", path, strerror(errno));
	else if (got > 0)
		status = cm_err_set(err, CM_TOO_LARGE, "%s: too large for a manifest", path);
	else if (out->failed)
		status = cm_err_set(err, CM_NO_MEMORY, "%s: out of memory", path);
	(void)fclose(file);
	return status;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* The lists of a manifest that was read are constants: copies of them can be changed. */
static void take_over(struct cm_keys_book *book)
{
	const struct cm_manifest *was = &book->before.manifest;

	book->manifest = *was;
	for (size_t i = 0; i < was->members_count; i++) {
		book->members[i] = was->members[i];
		for (size_t j = 0; j < was->members[i].keys_count; j++)
			book->keys[i][j] = was->members[i].keys[j];
		book->members[i].keys = book->keys[i];
	}
	for (size_t i = 0; i < was->signers_count; i++) {
		book->signers[i] = was->signers[i];
		for (size_t j = 0; j < was->signers[i].keys_count; j++)
			book->signer_keys[i][j] = was->signers[i].keys[j];
		book->signers[i].keys = book->signer_keys[i];
	}
	book->manifest.members = book->members;
	book->manifest.signers = book->signers;
}

enum cm_status cm_keys_book_open(struct cm_keys_book *book, const char *root_path,
    const char *manifest_path, const char *fleet, struct cm_err *err)
{
	struct cm_buf bytes;
	enum cm_status status;

	*book = (struct cm_keys_book){.manifest = {.fleet = ""}};
	cm_arena_init(&book->arena, 0);
	cm_arena_init(&book->before.arena, 0);
	status = cm_identity_load(root_path, &book->root, err);
	if (status != CM_OK)
		return status;
	cm_buf_init(&bytes, 0);
	status = cm_keys_read_file(manifest_path, &bytes, err);
	if (status == CM_OK) {
		status = cm_manifest_read(bytes.data, bytes.len, book->root.public_key,
		    CM_MANIFEST_ANY_TIME, &book->before, err);
		if (status != CM_OK)
			(void)cm_err_wrap(err, "%s", manifest_path);
	} else if (status == CM_NOT_FOUND && fleet != NULL) {
		status = CM_OK;
		book->before.manifest.fleet = cm_arena_text(&book->arena, fleet);
		if (book->before.manifest.fleet == NULL)
			status = cm_err_set(err, CM_NO_MEMORY, "out of memory");
	}
	cm_buf_fini(&bytes);
	if (status == CM_OK)
		take_over(book);
	return status;
}

void cm_keys_book_close(struct cm_keys_book *book)
{
	cm_identity_wipe(&book->root);
	cm_manifest_fini(&book->before);
	cm_arena_fini(&book->arena);
}

/* ---- changing -------------------------------------------------------------------------------- */

static const char *copy_text(struct cm_keys_book *book, const char *text, bool *whole)
{
	const char *copy = cm_arena_text(&book->arena, text != NULL ? text : "");

	*whole = *whole && copy != NULL;
	return copy;
}

static struct cm_bytes copy_bytes(struct cm_keys_book *book, struct cm_bytes bytes, bool *whole)
{
	uint8_t *copy = cm_arena_alloc(&book->arena, bytes.len + 1, 1);

	*whole = *whole && copy != NULL;
	if (copy != NULL && bytes.len > 0)
		memcpy(copy, bytes.data, bytes.len);
	return (struct cm_bytes){copy, bytes.len};
}

/* All but its keys. */
static enum cm_status describe(struct cm_keys_book *book, size_t at,
    const struct cm_manifest_member *member, struct cm_err *err)
{
	const char **issuing =
	    cm_arena_alloc(&book->arena, member->issuing_count + 1, sizeof *issuing);
	bool whole = issuing != NULL;
	struct cm_manifest_member copy = {.name = copy_text(book, member->name, &whole),
	    .role = member->role,
	    .region = copy_text(book, member->region, &whole),
	    .state = copy_text(book, member->state, &whole),
	    .zone = copy_text(book, member->zone, &whole),
	    .issuing = issuing,
	    .issuing_count = member->issuing_count,
	    .address = copy_text(book, member->address, &whole),
	    .keys = book->keys[at],
	    .keys_count = book->members[at].keys_count,
	    .sealing_key = member->sealing_key.len > 0
			       ? copy_bytes(book, member->sealing_key, &whole)
			       : book->members[at].sealing_key};

	for (size_t i = 0; whole && i < member->issuing_count; i++)
		issuing[i] = copy_text(book, member->issuing[i], &whole);
	if (!whole)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	book->members[at] = copy;
	return CM_OK;
}

static bool has_key(const struct cm_manifest_key *keys, size_t count, const uint8_t *public_key)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(keys[i].public_key.data, public_key, CM_PUBLIC_KEY_BYTES) == 0)
			return true;
	return false;
}

static enum cm_status add_key(struct cm_keys_book *book, const char *whose,
    struct cm_manifest_key *keys, size_t *count, const uint8_t *public_key, struct cm_wall now,
    struct cm_wall until, struct cm_err *err)
{
	bool whole = true;

	if (*count == CM_MAX_MEMBER_KEYS)
		return cm_err_set(err, CM_TOO_LARGE,
		    "%s has %d keys in the manifest already, old ones with them: the most there is room for",
		    whose, CM_MAX_MEMBER_KEYS);
	keys[*count] = (struct cm_manifest_key){
	    copy_bytes(book, (struct cm_bytes){public_key, CM_PUBLIC_KEY_BYTES}, &whole),
	    now.ms - CM_KEY_EARLY_MS, until.ms, 0};
	(*count)++;
	return whole ? CM_OK : cm_err_set(err, CM_NO_MEMORY, "out of memory");
}

static size_t place_of(const struct cm_keys_book *book, const char *name)
{
	size_t i = 0;

	while (i < book->manifest.members_count && strcmp(book->members[i].name, name) != 0)
		i++;
	return i;
}

enum cm_status cm_keys_book_admit(struct cm_keys_book *book, const struct cm_manifest_member *member,
    struct cm_wall now, struct cm_wall until, int64_t overlap_ms, struct cm_err *err)
{
	size_t at = place_of(book, member->name);
	const uint8_t *key = member->keys[0].public_key.data;
	enum cm_status status;

	if (at == CM_MAX_MEMBERS)
		return cm_err_set(
		    err, CM_TOO_LARGE, "a fleet has at most %d members", CM_MAX_MEMBERS);
	status = describe(book, at, member, err);
	if (status != CM_OK)
		return status;
	if (at == book->manifest.members_count)
		book->manifest.members_count++;
	if (has_key(book->keys[at], book->members[at].keys_count, key))
		return CM_OK;
	for (size_t i = 0; i < book->members[at].keys_count; i++)
		if (book->keys[at][i].until_ms > now.ms + overlap_ms)
			book->keys[at][i].until_ms = now.ms + overlap_ms;
	return add_key(book, member->name, book->keys[at], &book->members[at].keys_count, key, now,
	    until, err);
}

/* Those that stand, or of them those whose hex begins with `prefix`. */
static size_t strike(
    struct cm_manifest_key *keys, size_t keys_count, const char *prefix, struct cm_wall now)
{
	char hex[2 * CM_PUBLIC_KEY_BYTES + 1];
	size_t count = 0;

	for (size_t i = 0; i < keys_count; i++) {
		cm_hex_print(keys[i].public_key.data, CM_PUBLIC_KEY_BYTES, hex);
		if (keys[i].revoked_ms != 0 || now.ms >= keys[i].until_ms ||
		    (prefix != NULL && strncmp(hex, prefix, strlen(prefix)) != 0))
			continue;
		keys[i].revoked_ms = now.ms;
		count++;
	}
	return count;
}

enum cm_status cm_keys_book_revoke(struct cm_keys_book *book, const char *name, const char *prefix,
    struct cm_wall now, size_t *count, struct cm_err *err)
{
	size_t at = place_of(book, name);

	*count = 0;
	if (at == book->manifest.members_count)
		return cm_err_set(err, CM_NOT_FOUND, "the manifest has no member %s", name);
	*count = strike(book->keys[at], book->members[at].keys_count, prefix, now);
	return *count > 0 ? CM_OK
			  : cm_err_set(err, CM_NOT_FOUND, "%s has no such key that stands", name);
}

enum cm_status cm_keys_book_revoke_signer(struct cm_keys_book *book, const char *jurisdiction,
    const char *prefix, struct cm_wall now, struct cm_err *err)
{
	for (size_t i = 0; i < book->manifest.signers_count; i++)
		if (strcmp(book->signers[i].jurisdiction, jurisdiction) == 0 &&
		    strike(book->signer_keys[i], book->signers[i].keys_count, prefix, now) > 0)
			return CM_OK;
	return cm_err_set(err, CM_NOT_FOUND, "%s has no such signer whose key stands", jurisdiction);
}

enum cm_status cm_keys_book_add_signer(struct cm_keys_book *book, const char *jurisdiction,
    const uint8_t public_key[CM_PUBLIC_KEY_BYTES], struct cm_wall now, struct cm_wall until,
    struct cm_err *err)
{
	size_t at = 0;
	bool whole = true;

	while (at < book->manifest.signers_count &&
	       strcmp(book->signers[at].jurisdiction, jurisdiction) != 0)
		at++;
	if (at == CM_MAX_LAW_SIGNERS)
		return cm_err_set(err, CM_TOO_LARGE, "at most %d jurisdictions", CM_MAX_LAW_SIGNERS);
	if (at == book->manifest.signers_count) {
		book->signers[at] = (struct cm_law_signer){
		    copy_text(book, jurisdiction, &whole), book->signer_keys[at], 0};
		if (!whole)
			return cm_err_set(err, CM_NO_MEMORY, "out of memory");
		book->manifest.signers_count++;
	}
	if (has_key(book->signer_keys[at], book->signers[at].keys_count, public_key))
		return CM_OK;
	return add_key(book, jurisdiction, book->signer_keys[at], &book->signers[at].keys_count,
	    public_key, now, until, err);
}

enum cm_status cm_keys_book_write(struct cm_keys_book *book, const char *path, struct cm_wall now,
    struct cm_wall until, struct cm_err *err)
{
	struct cm_buf bytes;
	enum cm_status status;

	book->manifest.number = book->before.manifest.number + 1;
	book->manifest.issued_ms = now.ms;
	book->manifest.until_ms = until.ms;
	cm_buf_init(&bytes, 0);
	status = cm_manifest_sign(&book->manifest, &book->root, CM_SIGN_MANIFEST, &bytes, err);
	if (status == CM_OK)
		status = cm_file_replace(path, cm_buf_str(&bytes), bytes.len, err);
	cm_buf_fini(&bytes);
	return status;
}
