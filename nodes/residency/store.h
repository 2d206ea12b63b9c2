/*
 * The inside of a residency map: its connection, its prepared statements, its caches. Only the
 * files of this folder and its fault tests include this. SQLite's codes stop in store.c.
 */
#ifndef CM_RESIDENCY_STORE_H
#define CM_RESIDENCY_STORE_H

#include <sqlite3.h>

#include "nodes/residency/merge.h"
#include "nodes/residency/residency.h"
#include "nodes/residency/row.h"
#include "protocol/seal/sealed.h"

/* A sealed notify address as text. */
#define CM_CONTACT_TEXT_BYTES CM_SEALED_TEXT_BYTES(CM_MAX_IDENTIFIER_BYTES)

#define CM_BLIND_STORED_BYTES 16 /* of the 32: see README.md */

/* X(name, sql), prepared at first use. */
#define CM_STORE_TABLE(X)                                                                          \
	X(BEGIN_WRITE, "BEGIN IMMEDIATE")                                                          \
	X(BEGIN_READ, "BEGIN")                                                                     \
	X(COMMIT, "COMMIT")                                                                        \
	X(META_GET, "SELECT value FROM meta WHERE name = ?1")                                      \
	X(META_PUT, "INSERT OR REPLACE INTO meta(name, value) VALUES(?1, ?2)")                     \
	X(PLACES, "SELECT 0, category, since, until, profile, contact, import, line FROM place"    \
		  " WHERE blind = ?1 UNION ALL "                                                   \
		  "SELECT 1, category, since, until, profile, contact, import, line FROM place"    \
		  " WHERE blind = ?2")                                                             \
	X(ANY_PLACE, "SELECT 1 FROM place LIMIT 1")                                                \
	X(PLACE_ADD,                                                                               \
	    "INSERT INTO place(blind, category, since, until, profile, contact, import, line)"     \
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")                                             \
	X(PLACE_CHANGE,                                                                            \
	    "UPDATE place SET until = ?4, profile = ?5, contact = ?6, import = ?7, line = ?8"      \
	    " WHERE blind = ?1 AND category = ?2 AND since = ?3")                                  \
	X(PROFILE_BY_ID, "SELECT customer_kind, customer_seat, nationality, residence, us_person," \
			 " target_location, key_custody, service_kind, personal_data FROM profile" \
			 " WHERE id = ?1")                                                         \
	X(PROFILE_ID, "SELECT id FROM profile WHERE customer_kind = ?1 AND customer_seat = ?2"     \
		      " AND nationality = ?3 AND residence = ?4 AND us_person = ?5"                \
		      " AND target_location = ?6 AND key_custody = ?7 AND service_kind = ?8"       \
		      " AND personal_data = ?9")                                                   \
	X(PROFILE_ADD,                                                                             \
	    "INSERT INTO profile(customer_kind, customer_seat, nationality, residence, us_person," \
	    " target_location, key_custody, service_kind, personal_data)"                          \
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")                                         \
	X(CONTACT_BY_ID, "SELECT sealed_address FROM contact WHERE id = ?1")                       \
	X(CONTACT_ID, "SELECT id FROM contact WHERE sealed_address = ?1")                          \
	X(CONTACT_ADD, "INSERT INTO contact(sealed_address) VALUES(?1)")                           \
	X(CONTACT_NEXT,                                                                            \
	    "SELECT id, sealed_address FROM contact WHERE id > ?1 ORDER BY id LIMIT 1")            \
	X(CONTACT_PUT, "UPDATE contact SET sealed_address = ?2 WHERE id = ?1")                     \
	X(IMPORT_ADD, "INSERT INTO import(file, at_ms, rows, added, changed, unchanged, bad)"      \
		      " VALUES(?1, ?2, 0, 0, 0, 0, 0)")                                            \
	X(IMPORT_END,                                                                              \
	    "UPDATE import SET rows = ?2, added = ?3, changed = ?4, unchanged = ?5, bad = ?6"      \
	    " WHERE id = ?1")                                                                      \
	X(IMPORT_FILE, "SELECT file FROM import WHERE id = ?1")                                    \
	X(IMPORT_NEWEST, "SELECT id, file, at_ms, rows FROM import ORDER BY id DESC LIMIT 1")      \
	X(TALLY_ADD, "INSERT INTO tally(what, number, count) VALUES(?1, ?2, ?3)"                   \
		     " ON CONFLICT(what, number) DO UPDATE SET count = count + excluded.count")    \
	X(TALLIES, "SELECT what, number, count FROM tally")                                        \
	X(STAGE, "INSERT INTO temp.staged(blind, category, since, until, profile, contact, line,"  \
		 " is_domain) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")                             \
	X(STAGED, "SELECT blind, category, since, until, profile, contact, line, is_domain"        \
		  " FROM temp.staged ORDER BY blind, category, since, line")                       \
	X(DROPPED, "INSERT OR IGNORE INTO temp.dropped(id) VALUES(?1)")                            \
	X(PURGE, "DELETE FROM contact WHERE id IN"                                                 \
		 " (SELECT id FROM temp.dropped EXCEPT SELECT contact FROM place)")

enum cm_store_statement {
#define X(name, sql) CM_STORE_##name,
	CM_STORE_TABLE(X)
#undef X
	    CM_STORE_COUNT
};

/* What is counted in the table tally. Numbers are stored; never reused. */
enum cm_tally {
	CM_TALLY_ACCOUNTS = 1,
	CM_TALLY_DOMAINS = 2,
	CM_TALLY_CATEGORY = 3,
	CM_TALLY_KIND = 4
};

/* One combination of customer facts. */
struct cm_profile {
	int64_t id;
	const char *facts[CM_PROFILE_FACTS]; /* into text */
	char text[];
};

#define CM_PROFILE_SLOTS 1024

#define CM_RESIDENCY_MAGIC 0x72657369u

struct cm_residency {
	uint32_t magic;
	sqlite3 *db;                                   /* owned */
	sqlite3_stmt *statements[CM_STORE_COUNT];      /* owned */
	struct cm_profile *profiles[CM_PROFILE_SLOTS]; /* owned; by id modulo slots */
	enum cm_residency_mode mode;
	bool must_roll_back;
	bool has_contact_key;
	uint8_t contact_key[CM_SEALED_KEY_BYTES];
	char region[CM_MAX_NAME_BYTES + 1];
	char source[CM_MAX_NAME_BYTES + 32]; /* "residency map ie" */
};

/* A SQLite code as ours. */
enum cm_status cm_store_status(int rc);

/* Fill `err` from the connection's last failure: "<doing>: <what SQLite says>". */
enum cm_status cm_store_fail(
    struct cm_residency *map, int rc, struct cm_err *err, const char *doing);

/* End a transaction that failed. Without memory SQLite may be unable to: then the map answers
 * CM_NO_MEMORY, instead of showing what was never committed, until a later call succeeds. */
void cm_store_rollback(struct cm_residency *map);

/* A statement ready to bind and step, or NULL (status in `status`). Reset it when done. */
sqlite3_stmt *cm_store_get(
    struct cm_residency *map, enum cm_store_statement which, enum cm_status *status) CM_MUST_USE;

/* Step a statement that yields no row, and reset it. */
enum cm_status cm_store_run(sqlite3_stmt *stmt) CM_MUST_USE;

/* Execute SQL without results. May be ignored where undoing something: there is no second way. */
enum cm_status cm_store_exec(
    struct cm_residency *map, const char *sql, struct cm_err *err, const char *doing);

/* Read and check, or write, a value of the table meta. CM_NOT_FOUND if there is none. */
enum cm_status cm_store_meta_get(struct cm_residency *map, const char *name, uint8_t *value,
    size_t size, size_t *len) CM_MUST_USE;
enum cm_status cm_store_meta_put(
    struct cm_residency *map, const char *name, const void *value, size_t len) CM_MUST_USE;

/* A notify address as the table has it, and back, in the arena. CM_NOT_ALLOWED: the map was given no key for it.
 * CM_CORRUPT. In contact.c. */
enum cm_status cm_contact_seal(const struct cm_residency *map, const char *address,
    char out[CM_CONTACT_TEXT_BYTES]) CM_MUST_USE;
enum cm_status cm_contact_open(const struct cm_residency *map, const char *sealed, struct cm_arena *arena,
    const char **address) CM_MUST_USE;

/* Read one row of STORE_PLACES where it stands. */
void cm_store_place(sqlite3_stmt *stmt, struct cm_place *place);

/* Bind the columns of a place that follow the blind (?2 ... ?6). */
void cm_store_bind_place(sqlite3_stmt *stmt, const struct cm_place *place);

/* Bring a file's schema to this program's: in migrate.c. */
enum cm_status cm_store_migrate(struct cm_residency *map, struct cm_err *err) CM_MUST_USE;
enum cm_status cm_store_check_version(
    struct cm_residency *map, const char *path, struct cm_err *err) CM_MUST_USE;

/* The profile with a number, from the cache or the table; borrowed until the next call. NULL with
 * CM_CORRUPT if there is none. */
const struct cm_profile *cm_profile_get(
    struct cm_residency *map, int64_t id, enum cm_status *status) CM_MUST_USE;

/* Forget the cache: after a rollback its numbers may come to mean something else. */
void cm_profile_forget(struct cm_residency *map);

/* A dictionary being written: texts -> numbers, with a cache of bounded size in front of the table.
 */
#define CM_DICT_SLOTS 8192

struct cm_dict_slot {
	char *text; /* owned; several texts, each with its NUL */
	size_t len;
	int64_t id;
};

struct cm_dict {
	struct cm_residency *map; /* borrowed */
	enum cm_store_statement find;
	enum cm_store_statement add;
	struct cm_dict_slot *slots; /* owned, CM_DICT_SLOTS */
};

enum cm_status cm_dict_init(struct cm_dict *dict, struct cm_residency *map,
    enum cm_store_statement find, enum cm_store_statement add) CM_MUST_USE;
void cm_dict_fini(struct cm_dict *dict);

/* The number of a combination of texts, made if it is new. */
enum cm_status cm_dict_id(
    struct cm_dict *dict, const char *const *texts, size_t count, int64_t *id) CM_MUST_USE;

#endif
