/* The file of users: what it holds comes back, what is not whole is refused, others may not read it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/people/people_file.h"
#include "protocol/seal/seal.h"

#define NOW_MS INT64_C(1795000000000)

static char folder[64];
static char path[80];

static void begin(void)
{
	(void)strcpy(folder, "/tmp/comity-people-XXXXXX");
	cr_assert_eq(cm_seal_start(), CM_OK);
	cr_assert_not_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/people", folder);
}

static void end(void)
{
	char lock[96];

	(void)snprintf(lock, sizeof lock, "%s.lock", path);
	(void)unlink(lock);
	(void)unlink(path);
	cr_assert_eq(rmdir(folder), 0, "nothing else was left in it");
}

static void fill(struct cm_people *people, struct cm_token *token)
{
	struct cm_user counsel = {.id = "counsel",
	    .words = "regional counsel, Dublin \"A\"",
	    .duties = CM_DUTY_BIT(CM_DUTY_REGIONAL_COUNSEL) | CM_DUTY_BIT(CM_DUTY_INTAKE)};
	struct cm_user drill = {
	    .id = "drill", .words = "drill", .duties = CM_DUTIES_ALL, .is_drill = true};
	struct cm_user_token spec = {.user = "counsel",
	    .duties = CM_DUTY_BIT(CM_DUTY_INTAKE),
	    .ops = {"file", "show"},
	    .ops_count = 2,
	    .region = "ie",
	    .issued_ms = NOW_MS,
	    .expires_ms = NOW_MS + 1000};
	struct cm_err err = {.text = ""};

	cm_people_init(people);
	cr_assert_eq(cm_people_put_user(people, &counsel, &err), CM_OK, "%s", err.text);
	cr_assert_eq(cm_people_put_user(people, &drill, &err), CM_OK, "%s", err.text);
	for (int i = 0; i < 20; i++) {
		cm_token_make(token);
		cr_assert_eq(cm_people_put_token(people, &spec, token, &err), CM_OK, "%s", err.text);
	}
	people->tokens[3].revoked_ms = NOW_MS + 7;
}

Test(people_text, comes_back_as_it_was)
{
	struct cm_people people;
	struct cm_people back;
	struct cm_token token;
	struct cm_buf text;
	struct cm_buf again;
	struct cm_err err = {.text = ""};

	cr_assert_eq(cm_seal_start(), CM_OK);
	fill(&people, &token);
	cm_buf_init(&text, 0);
	cm_buf_init(&again, 0);
	cm_people_print(&people, &text);
	cr_assert_not(text.failed);
	cr_assert_eq(cm_people_parse(cm_buf_str(&text), text.len, &back, &err), CM_OK, "%s", err.text);
	cm_people_print(&back, &again);
	cr_assert_str_eq(cm_buf_str(&text), cm_buf_str(&again));
	cr_assert_eq(back.users_count, 2);
	cr_assert_eq(back.tokens_count, 20);
	cr_assert(back.users[1].is_drill && !back.users[0].is_drill);
	cr_assert_eq(back.tokens[3].revoked_ms, NOW_MS + 7);
	cr_assert_str_eq(back.tokens[19].id, token.id);
	cr_assert_str_eq(back.tokens[19].region, "ie");
	for (int i = 0; i < 20; i++) { /* room for more in what was read */
		cm_token_make(&token);
		cr_assert_eq(cm_people_put_token(&back, &back.tokens[0], &token, &err), CM_OK, "%s", err.text);
	}
	cm_buf_fini(&text);
	cm_buf_fini(&again);
	cm_people_fini(&people);
	cm_people_fini(&back);
	cr_assert_eq(cm_alloc_live(), 0);
}

#define USER "{\"id\":\"a\",\"words\":\"a\",\"roles\":[\"auditor\"]}"
#define HEX64 "0000000000000000000000000000000000000000000000000000000000000000"
#define TOKEN(id, user, rest)                                                                      \
	"{\"id\":\"" id "\",\"user\":\"" user "\",\"digest\":\"" HEX64 "\",\"key\":\"" HEX64 "\"," rest "}"
#define REST                                                                                       \
	"\"roles\":[],\"operations\":[],\"region\":\"\",\"issued_ms\":1,\"expires_ms\":2,\"revoked_ms\":0"
#define FILE_OF(users, tokens) "{\"comity_people\":1,\"users\":[" users "],\"tokens\":[" tokens "]}"

Test(people_text, what_is_not_whole_lets_nobody_in)
{
	static const char *const bad[] = {"", "[]", "{}", "null", "{\"comity_people\":1}",
	    "{\"comity_people\":2,\"users\":[],\"tokens\":[]}",
	    "{\"comity_people\":1,\"users\":{},\"tokens\":[]}",
	    "{\"comity_people\":1,\"users\":[],\"tokens\":[],\"users\":[]}",
	    FILE_OF("7", ""), FILE_OF("{\"id\":\"a\",\"words\":\"a\"}", ""),
	    FILE_OF("{\"id\":\"a\",\"words\":\"a\",\"roles\":[\"king\"]}", ""),
	    FILE_OF("{\"id\":\"a\",\"words\":\"a\",\"roles\":[]}", ""),
	    FILE_OF(USER "," USER, ""),
	    FILE_OF(USER, TOKEN("0123", "a", REST)),
	    FILE_OF(USER, TOKEN("0123456789abcdef", "b", REST)),
	    FILE_OF(USER, TOKEN("0123456789abcdef", "a", REST) "," TOKEN("0123456789abcdef", "a", REST)),
	    FILE_OF(USER, TOKEN("0123456789abcdef", "a", "\"roles\":[],\"operations\":[],\"region\":\"\","
	                        "\"issued_ms\":1,\"revoked_ms\":0")),
	    FILE_OF(USER, TOKEN("0123456789abcdef", "a", "\"operations\":[],\"region\":\"\","
	                        "\"issued_ms\":1,\"expires_ms\":2,\"revoked_ms\":0")),
	    FILE_OF(USER, TOKEN("0123456789abcdef", "a", "\"roles\":[],\"region\":\"\",\"issued_ms\":1,"
	                        "\"expires_ms\":2,\"revoked_ms\":0")),
	    FILE_OF(USER, TOKEN("0123456789abcdef", "a", "\"roles\":[],\"operations\":[],\"issued_ms\":1,"
	                        "\"expires_ms\":2,\"revoked_ms\":0"))};
	static const char good[] = FILE_OF(USER, TOKEN("0123456789abcdef", "a", REST));
	struct cm_people people;
	struct cm_err err = {.text = ""};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		cr_expect_neq(cm_people_parse(bad[i], strlen(bad[i]), &people, &err), CM_OK, "%s", bad[i]);
		cr_expect(people.users_count == 0 && people.tokens_count == 0 && err.text[0] != 0, "%s", bad[i]);
	}
	cr_assert_eq(cm_people_parse(good, sizeof good - 1, &people, &err), CM_OK, "%s", err.text);
	cm_people_fini(&people);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(people_text, without_memory_nobody_is_lost_in_silence)
{
	struct cm_people people;
	struct cm_people back;
	struct cm_token token;
	struct cm_buf text;
	struct cm_err err = {.text = ""};

	cr_assert_eq(cm_seal_start(), CM_OK);
	fill(&people, &token);
	cm_buf_init(&text, 0);
	cm_people_print(&people, &text);
	for (size_t n = 1;; n++) {
		enum cm_status status;

		cm_alloc_fail_at(n, true);
		status = cm_people_parse(cm_buf_str(&text), text.len, &back, &err);
		if (!cm_alloc_has_failed()) {
			cm_alloc_fail_at(0, false);
			cr_assert_eq(status, CM_OK, "%s", err.text);
			cr_assert_eq(back.tokens_count, 20);
			cm_people_fini(&back);
			break;
		}
		cm_alloc_fail_at(0, false);
		cr_assert_neq(status, CM_OK, "request %zu", n);
		cr_assert_eq(back.users_count + back.tokens_count, 0);
		cm_people_fini(&back);
	}
	cm_buf_fini(&text);
	cm_people_fini(&people);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(people_file, is_the_owners_alone_and_is_replaced_whole)
{
	struct cm_people people;
	struct cm_people back;
	struct cm_people_stamp before;
	struct cm_people_stamp after;
	struct cm_token token;
	uint8_t digest[CM_DIGEST_BYTES];
	struct cm_err err = {.text = ""};
	struct stat st;
	int fd;

	begin();
	before = cm_people_stamp_of(path);
	cr_assert_eq(cm_people_load(path, &back, NULL, &err), CM_NOT_FOUND);
	fill(&people, &token);
	cr_assert_eq(cm_people_lock(path, &fd, &err), CM_OK, "%s", err.text);
	cr_assert_eq(cm_people_save(&people, path, &err), CM_OK, "%s", err.text);
	(void)close(fd);
	cr_assert(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	after = cm_people_stamp_of(path);
	cr_assert_not(cm_people_stamp_equal(&before, &after));
	cr_assert_eq(cm_people_load(path, &back, digest, &err), CM_OK, "%s", err.text);
	cr_assert_eq(back.tokens_count, 20);
	cm_people_fini(&back);
	before = after;
	people.tokens[0].revoked_ms = 9;
	cr_assert_eq(cm_people_save(&people, path, &err), CM_OK, "%s", err.text);
	after = cm_people_stamp_of(path);
	cr_assert_not(cm_people_stamp_equal(&before, &after), "a revocation is seen");
	cr_assert_eq(chmod(path, 0644), 0);
	cr_assert_eq(cm_people_load(path, &back, NULL, &err), CM_NOT_ALLOWED);
	cr_assert(strstr(err.text, "0600") != NULL, "%s", err.text);
	cm_people_fini(&people);
	end();
	cr_assert_eq(cm_alloc_live(), 0);
}

/* ---- bounds ----------------------------------------------------------------------------------- */

static void print_many(unsigned users, unsigned tokens, struct cm_buf *out)
{
	cm_buf_clear(out);
	cm_buf_text(out, "{\"comity_people\":1,\"users\":[");
	for (unsigned i = 0; i < users; i++)
		cm_buf_printf(out, "%s{\"id\":\"u%u\",\"words\":\"words %u\",\"roles\":[\"auditor\"]}",
		    i > 0 ? "," : "", i, i);
	cm_buf_text(out, "],\"tokens\":[");
	for (unsigned i = 0; i < tokens; i++)
		cm_buf_printf(out,
		    "%s{\"id\":\"%016x\",\"user\":\"u%u\",\"digest\":\"" HEX64 "\",\"key\":\"" HEX64 "\"," REST "}",
		    i > 0 ? "," : "", i, i % users);
	cm_buf_text(out, "]}");
}

static enum cm_status parse_many(unsigned users, unsigned tokens, struct cm_buf *text)
{
	struct cm_people people;
	struct cm_err err = {.text = ""};
	enum cm_status status;

	print_many(users, tokens, text);
	status = cm_people_parse(cm_buf_str(text), text->len, &people, &err);
	if (status == CM_OK)
		cr_assert(people.users_count == users && people.tokens_count == tokens);
	cm_people_fini(&people);
	return status;
}

Test(people_text, holds_as_many_as_it_says_and_no_more)
{
	struct cm_buf text;

	cm_buf_init(&text, 0);
	cr_expect_eq(parse_many(CM_MAX_USERS, 1, &text), CM_OK);
	cr_expect_eq(parse_many(CM_MAX_USERS + 1, 1, &text), CM_TOO_LARGE);
	cr_expect_eq(parse_many(CM_MAX_USERS, CM_MAX_TOKENS, &text), CM_OK);
	cr_expect_leq(text.len, CM_MAX_PEOPLE_BYTES, "so many fit into the file: %zu bytes", text.len);
	cr_expect_eq(parse_many(1, CM_MAX_TOKENS + 1, &text), CM_TOO_LARGE);
	cm_buf_fini(&text);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(people_text, a_name_a_scope_and_a_file_have_their_bounds)
{
	char id[CM_MAX_USER_ID_BYTES + 2];
	char words[CM_MAX_USER_WORDS_BYTES + 2];
	struct cm_user user = {.id = id, .words = words, .duties = CM_DUTIES_ALL};
	struct cm_user_token spec = {.user = id, .issued_ms = 1, .expires_ms = 2};
	struct cm_people people;
	struct cm_token token;
	struct cm_buf text;
	struct cm_err err = {.text = ""};

	cr_assert_eq(cm_seal_start(), CM_OK);
	memset(id, 'a', sizeof id);
	memset(words, 'w', sizeof words);
	id[sizeof id - 1] = words[sizeof words - 1] = 0;
	cm_people_init(&people);
	words[CM_MAX_USER_WORDS_BYTES] = 0;
	cr_expect_eq(cm_people_put_user(&people, &user, &err), CM_BAD_INPUT);
	id[CM_MAX_USER_ID_BYTES] = 0;
	cr_expect_eq(cm_people_put_user(&people, &user, &err), CM_OK, "%s", err.text);
	words[CM_MAX_USER_WORDS_BYTES] = 'w';
	cr_expect_eq(cm_people_put_user(&people, &user, &err), CM_BAD_INPUT);
	for (size_t i = 0; i < CM_MAX_TOKEN_OPS; i++)
		spec.ops[i] = "show";
	cm_token_make(&token);
	spec.ops_count = CM_MAX_TOKEN_OPS;
	cr_expect_eq(cm_people_put_token(&people, &spec, &token, &err), CM_OK, "%s", err.text);
	spec.ops_count = CM_MAX_TOKEN_OPS + 1;
	cr_expect_eq(cm_people_put_token(&people, &spec, &token, &err), CM_TOO_LARGE);
	cm_people_fini(&people);

	cm_buf_init(&text, 0);
	cm_buf_text(&text, FILE_OF("", ""));
	while (text.len < CM_MAX_PEOPLE_BYTES)
		cm_buf_byte(&text, ' ');
	cr_expect_eq(cm_people_parse(cm_buf_str(&text), text.len, &people, &err), CM_OK, "%s", err.text);
	cm_people_fini(&people);
	cm_buf_byte(&text, ' ');
	cr_expect_eq(cm_people_parse(cm_buf_str(&text), text.len, &people, &err), CM_TOO_LARGE);
	cm_people_fini(&people);
	cm_buf_fini(&text);
	cr_assert_eq(cm_alloc_live(), 0);
}
