/* Roles, tokens, and who may do what. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/people/people.h"
#include "protocol/seal/seal.h"

#define NOW_MS INT64_C(1795000000000)
#define DAY_MS INT64_C(86400000)

/* ---- the table of roles ---------------------------------------------------------------------- */

Test(roles, every_row_is_whole_and_stands_once)
{
	for (size_t i = 0; cm_permission_at(i) != NULL; i++) {
		const struct cm_permission *p = cm_permission_at(i);

		cr_assert_neq(p->duties, 0, "%s", p->op);
		cr_assert_eq(p->duties & ~CM_DUTIES_ALL, 0, "%s", p->op);
		cr_assert(strlen(p->why) > 20 && p->why[strlen(p->why) - 1] == '.', "%s", p->op);
		cr_assert(strstr(p->where, "region") != NULL || strstr(p->where, "central") != NULL ||
		              strstr(p->where, "router") != NULL, "%s", p->op);
		cr_assert_eq(cm_permission_find(p->op), p, "%s stands there once", p->op);
	}
	cr_assert_null(cm_permission_find("no such thing"));
	cr_assert_null(cm_permission_find(""));
}

/* What the design says of the roles, drawn by hand. */
Test(roles, the_table_says_what_the_design_says)
{
	static const char *const changes[] = {"file", "supersede", "withdraw", "override", "answer",
	    "retract", "recheck", "settle", "sign", "approve"};

	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		unsigned duties = cm_permission_find(changes[i])->duties;

		cr_expect_eq(duties & CM_DUTY_BIT(CM_DUTY_AUDITOR), 0, "an auditor changes nothing: %s",
		    changes[i]);
		cr_expect_eq(duties & CM_DUTY_BIT(CM_DUTY_OPERATOR), 0, "an operator has no case: %s",
		    changes[i]);
		cr_expect_not(cm_permission_find(changes[i])->reads, "%s", changes[i]);
	}
	cr_expect_eq(cm_permission_find("settle")->duties, CM_DUTY_BIT(CM_DUTY_CENTRAL_COUNSEL));
	cr_expect_eq(cm_permission_find("override")->duties, CM_DUTY_BIT(CM_DUTY_REGIONAL_COUNSEL));
	cr_expect_eq(cm_permission_find("file")->duties, CM_DUTY_BIT(CM_DUTY_INTAKE));
	cr_expect_eq(cm_permission_find("access")->duties, CM_DUTY_BIT(CM_DUTY_AUDITOR));
	cr_expect(cm_permission_find("show")->reads && cm_permission_find("signing")->reads &&
	          cm_permission_find("replay")->reads);
	cr_expect_eq(cm_permission_find("show")->duties & CM_DUTY_BIT(CM_DUTY_OPERATOR), 0);
}

Test(roles, words_and_lists)
{
	char text[256];
	enum cm_duty duty;

	for (unsigned i = 0; i < CM_DUTIES_COUNT; i++) {
		cr_assert(cm_duty_parse(cm_duty_word((enum cm_duty)i), &duty));
		cr_assert_eq((unsigned)duty, i);
	}
	cr_assert_not(cm_duty_parse("admin", &duty));
	cm_duties_print(0, "or ", text, sizeof text);
	cr_assert_str_eq(text, "nobody");
	cm_duties_print(CM_DUTY_BIT(CM_DUTY_AUDITOR), "or ", text, sizeof text);
	cr_assert_str_eq(text, "auditor");
	cm_duties_print(CM_DUTY_BIT(CM_DUTY_INTAKE) | CM_DUTY_BIT(CM_DUTY_AUDITOR), "or ", text, sizeof text);
	cr_assert_str_eq(text, "intake or auditor");
	cm_duties_print(CM_DUTY_BIT(CM_DUTY_INTAKE) | CM_DUTY_BIT(CM_DUTY_RELEASE_OFFICER) |
	                    CM_DUTY_BIT(CM_DUTY_OPERATOR), "and ", text, sizeof text);
	cr_assert_str_eq(text, "intake, release officer and operator");
	cm_duties_print(CM_DUTIES_ALL, "and ", text, 12);
	cr_assert_eq(strlen(text), 11, "cut, and ended: %s", text);
}

/* ---- tokens ---------------------------------------------------------------------------------- */

static void temp_path(char path[64])
{
	(void)strcpy(path, "/tmp/comity-token-XXXXXX");
	cr_assert_not_null(mkdtemp(path));
	(void)strcat(path, "/t");
}

static void temp_gone(char path[64])
{
	(void)unlink(path);
	path[strlen(path) - 2] = 0;
	cr_assert_eq(rmdir(path), 0);
}

Test(token, goes_into_a_file_of_its_own_and_comes_back)
{
	char path[64];
	char shown[CM_TOKEN_PASS_TEXT_BYTES];
	char again[CM_TOKEN_PASS_TEXT_BYTES];
	struct cm_token token;
	struct cm_token back;
	struct cm_err err = {.text = ""};
	struct stat st;

	cr_assert_eq(cm_seal_start(), CM_OK);
	temp_path(path);
	cm_token_make(&token);
	cr_assert_eq(cm_token_save(&token, path, &err), CM_OK, "%s", err.text);
	cr_assert(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	cr_assert_eq(cm_token_load(path, &back, &err), CM_OK, "%s", err.text);
	cm_token_pass_print(&token, shown);
	cm_token_pass_print(&back, again);
	cr_assert_str_eq(shown, again);
	cr_assert_eq(cm_token_save(&token, path, &err), CM_DUPLICATE, "never over another");
	cr_assert_eq(chmod(path, 0640), 0);
	cr_assert_eq(cm_token_load(path, &back, &err), CM_NOT_ALLOWED);
	cr_assert(strstr(err.text, "0600") != NULL, "%s", err.text);
	temp_gone(path);
}

Test(token, what_is_shown_gives_away_neither_the_secret_nor_the_key)
{
	char shown[CM_TOKEN_PASS_TEXT_BYTES];
	char id[CM_TOKEN_ID_TEXT_BYTES];
	char hex[2 * 32 + 1];
	uint8_t pass[CM_TOKEN_PASS_BYTES];
	uint8_t digest[CM_DIGEST_BYTES];
	uint8_t same[CM_DIGEST_BYTES];
	struct cm_identity from_token;
	struct cm_identity from_pass;
	struct cm_identity from_secret;
	struct cm_token token;

	cr_assert_eq(cm_seal_start(), CM_OK);
	cm_token_make(&token);
	cm_token_pass_print(&token, shown);
	cm_hex_print(token.secret, sizeof token.secret, hex);
	cr_assert_null(strstr(shown, hex));
	cr_assert(cm_token_pass_parse(shown, id, pass));
	cr_assert_str_eq(id, token.id);
	cm_token_digest(pass, digest);
	cm_token_digest_of(&token, same);
	cr_assert(cm_token_digest_equal(digest, same));
	same[31] ^= 1;
	cr_assert_not(cm_token_digest_equal(digest, same));
	cm_token_identity(&token, &from_token);
	cm_identity_from_seed(pass, &from_pass);
	cm_identity_from_seed(token.secret, &from_secret);
	cr_assert_neq(memcmp(from_token.public_key, from_pass.public_key, 32), 0);
	cr_assert_neq(memcmp(from_token.public_key, from_secret.public_key, 32), 0);
}

Test(token, other_texts_are_none)
{
	static const char *const bad[] = {"", ".", "0123456789abcdef", "0123456789abcdef.",
	    "0123456789abcdef:0000000000000000000000000000000000000000000000000000000000000000",
	    "0123456789abcdeg.0000000000000000000000000000000000000000000000000000000000000000",
	    "0123456789abcdef.000000000000000000000000000000000000000000000000000000000000000",
	    "0123456789abcdef.00000000000000000000000000000000000000000000000000000000000000000",
	    "0123456789abcdef.000000000000000000000000000000000000000000000000000000000000000z"};
	char id[CM_TOKEN_ID_TEXT_BYTES];
	uint8_t pass[CM_TOKEN_PASS_BYTES];

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		cr_expect_not(cm_token_pass_parse(bad[i], id, pass), "%s", bad[i]);
}

/* ---- who may --------------------------------------------------------------------------------- */

struct office {
	struct cm_people people;
	struct cm_token token;
	char shown[CM_TOKEN_PASS_TEXT_BYTES];
	struct cm_err err;
};

static void office_begin(struct office *o, unsigned duties, struct cm_user_token spec)
{
	struct cm_user user = {.id = "duty", .words = "duty counsel, Dublin", .duties = duties};

	*o = (struct office){.err = {.text = ""}};
	cr_assert_eq(cm_seal_start(), CM_OK);
	cm_people_init(&o->people);
	cr_assert_eq(cm_people_put_user(&o->people, &user, &o->err), CM_OK, "%s", o->err.text);
	spec.user = "duty";
	spec.issued_ms = NOW_MS;
	if (spec.expires_ms == 0)
		spec.expires_ms = NOW_MS + DAY_MS;
	cm_token_make(&o->token);
	cr_assert_eq(
	    cm_people_put_token(&o->people, &spec, &o->token, &o->err), CM_OK, "%s", o->err.text);
	cm_token_pass_print(&o->token, o->shown);
}

static enum cm_status ask_at(struct office *o, const char *op, const char *pass, int64_t at_ms,
    const char *region)
{
	struct cm_request request = {
	    .process = "ie", .region = region, .op = op, .pass = pass, .now = {at_ms}};
	struct cm_grant grant;

	o->err.text[0] = 0;
	return cm_people_check(&o->people, &request, &grant, &o->err);
}

static enum cm_status ask(struct office *o, const char *op)
{
	return ask_at(o, op, o->shown, NOW_MS + 1, "ie");
}

Test(people, each_role_may_what_its_row_says_and_nothing_else)
{
	for (unsigned duty = 0; duty < CM_DUTIES_COUNT; duty++) {
		struct office o;

		office_begin(&o, CM_DUTY_BIT(duty), (struct cm_user_token){.ops_count = 0});
		for (size_t i = 0; cm_permission_at(i) != NULL; i++) {
			const struct cm_permission *p = cm_permission_at(i);
			bool may = (p->duties & CM_DUTY_BIT(duty)) != 0;

			cr_expect_eq(ask(&o, p->op), may ? CM_OK : CM_NOT_ALLOWED, "%s as %s: %s", p->op,
			    cm_duty_word((enum cm_duty)duty), o.err.text);
			cr_expect(may || strstr(o.err.text, "duty counsel, Dublin") != NULL, "%s",
			    o.err.text);
		}
		cr_expect_eq(ask(&o, "drop tables"), CM_UNKNOWN_NAME);
		cm_people_fini(&o.people);
	}
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(people, without_users_nobody_is_let_in)
{
	struct office o = {.err = {.text = ""}};

	cm_people_init(&o.people);
	cr_assert_eq(ask_at(&o, "status", NULL, NOW_MS, "ie"), CM_NOT_ALLOWED);
	cr_assert(strstr(o.err.text, "no users yet") != NULL, "%s", o.err.text);
	cr_assert_eq(ask_at(&o, "no such", NULL, NOW_MS, "ie"), CM_NOT_ALLOWED,
	    "not even what there is is told");
	cm_people_fini(&o.people);
}

Test(people, a_token_that_is_none_is_refused_alike_whether_its_id_is_known_or_not)
{
	struct office o;
	char wrong[CM_TOKEN_PASS_TEXT_BYTES];
	char first[CM_ERR_TEXT_BYTES];

	office_begin(&o, CM_DUTIES_ALL, (struct cm_user_token){.ops_count = 0});
	cr_assert_eq(ask_at(&o, "status", NULL, NOW_MS + 1, "ie"), CM_NOT_ALLOWED);
	cr_assert(strstr(o.err.text, "who you are") != NULL, "%s", o.err.text);
	for (size_t at = CM_TOKEN_ID_TEXT_BYTES; at < sizeof wrong - 1; at++) {
		(void)strcpy(wrong, o.shown);
		wrong[at] = wrong[at] == '0' ? '1' : '0';
		cr_assert_eq(ask_at(&o, "status", wrong, NOW_MS + 1, "ie"), CM_NOT_ALLOWED, "digit %zu", at);
	}
	(void)strcpy(first, o.err.text);
	(void)strcpy(wrong, o.shown);
	wrong[0] = wrong[0] == '0' ? '1' : '0';
	cr_assert_eq(ask_at(&o, "status", wrong, NOW_MS + 1, "ie"), CM_NOT_ALLOWED);
	cr_assert_str_eq(o.err.text, first);
	cr_assert_eq(ask_at(&o, "status", "", NOW_MS + 1, "ie"), CM_NOT_ALLOWED);
	cr_assert_str_eq(o.err.text, first);
	cr_assert_eq(ask(&o, "status"), CM_OK);
	cm_people_fini(&o.people);
}

Test(people, a_token_ends_on_its_day_and_when_it_is_revoked)
{
	struct office o;

	office_begin(&o, CM_DUTIES_ALL, (struct cm_user_token){.ops_count = 0});
	cr_assert_eq(ask_at(&o, "status", o.shown, NOW_MS + DAY_MS - 1, "ie"), CM_OK);
	cr_assert_eq(ask_at(&o, "status", o.shown, NOW_MS + DAY_MS, "ie"), CM_NOT_ALLOWED);
	cr_assert(strstr(o.err.text, "expired") != NULL, "%s", o.err.text);
	cm_people_token(&o.people, o.token.id)->revoked_ms = NOW_MS + 5;
	cr_assert_eq(ask(&o, "status"), CM_NOT_ALLOWED, "also with a clock that was set back");
	cr_assert(strstr(o.err.text, "revoked") != NULL, "%s", o.err.text);
	cm_people_fini(&o.people);
}

Test(people, a_scope_narrows_and_never_widens)
{
	struct cm_user_token spec = {.duties = CM_DUTY_BIT(CM_DUTY_AUDITOR)};
	struct cm_user_token show = {.ops = {"show"}, .ops_count = 1};
	struct cm_user_token dublin = {.region = "ie"};
	struct cm_user_token bad = {.user = "duty", .issued_ms = 1, .expires_ms = 2};
	struct cm_token token;
	struct office o;

	office_begin(&o, CM_DUTIES_ALL, spec);
	cr_expect_eq(ask(&o, "access"), CM_OK);
	cr_expect_eq(ask(&o, "file"), CM_NOT_ALLOWED, "the user may, this token does not");
	cm_people_fini(&o.people);
	office_begin(&o, CM_DUTIES_ALL, show);
	cr_expect_eq(ask(&o, "show"), CM_OK);
	cr_expect_eq(ask(&o, "list"), CM_NOT_ALLOWED);
	cr_expect(strstr(o.err.text, "other operations") != NULL, "%s", o.err.text);
	cm_people_fini(&o.people);
	office_begin(&o, CM_DUTIES_ALL, dublin);
	cr_expect_eq(ask_at(&o, "show", o.shown, NOW_MS + 1, "ie"), CM_OK);
	cr_expect_eq(ask_at(&o, "show", o.shown, NOW_MS + 1, "us"), CM_NOT_ALLOWED);
	cr_expect_eq(ask_at(&o, "show", o.shown, NOW_MS + 1, ""), CM_NOT_ALLOWED, "nor at the router");
	cm_people_fini(&o.people);

	office_begin(&o, CM_DUTY_BIT(CM_DUTY_AUDITOR), (struct cm_user_token){.ops_count = 0});
	cm_token_make(&token);
	bad.duties = CM_DUTY_BIT(CM_DUTY_REGIONAL_COUNSEL);
	cr_expect_eq(cm_people_put_token(&o.people, &bad, &token, &o.err), CM_NOT_ALLOWED);
	bad.duties = 0;
	bad.ops[0] = "settle";
	bad.ops_count = 1;
	cr_expect_eq(cm_people_put_token(&o.people, &bad, &token, &o.err), CM_NOT_ALLOWED);
	bad.ops[0] = "fly";
	cr_expect_eq(cm_people_put_token(&o.people, &bad, &token, &o.err), CM_UNKNOWN_NAME);
	bad.ops_count = 0;
	bad.expires_ms = 1;
	cr_expect_eq(cm_people_put_token(&o.people, &bad, &token, &o.err), CM_BAD_INPUT);
	bad.user = "nobody";
	cr_expect_eq(cm_people_put_token(&o.people, &bad, &token, &o.err), CM_NOT_FOUND);
	cr_expect_eq(o.people.tokens_count, 1);
	cm_people_fini(&o.people);
}

/* A role that is taken from a user is taken from the tokens it holds. */
Test(people, a_token_gives_no_more_than_its_user_has_now)
{
	struct cm_user less = {
	    .id = "duty", .words = "duty counsel, Dublin", .duties = CM_DUTY_BIT(CM_DUTY_AUDITOR)};
	struct office o;

	office_begin(&o, CM_DUTIES_ALL, (struct cm_user_token){.ops_count = 0});
	cr_assert_eq(ask(&o, "file"), CM_OK);
	cr_assert_eq(cm_people_put_user(&o.people, &less, &o.err), CM_OK);
	cr_assert_eq(ask(&o, "file"), CM_NOT_ALLOWED);
	cr_assert_eq(ask(&o, "access"), CM_OK);
	cr_assert_eq(o.people.users_count, 1);
	cm_people_fini(&o.people);
}

Test(people, two_users_are_told_apart_by_id_and_by_words)
{
	struct cm_user other = {.id = "other", .words = "duty counsel, Dublin", .duties = 1};
	static const char *const bad_ids[] = {"", "Duty", "a b", "-a", "a/b", "\xc3\xa9"};
	static const char *const bad_words[] = {"", "two\nlines", "a\tb", ("\xe2\x80\xae" "evil"), "\xff"};
	struct office o;

	office_begin(&o, CM_DUTIES_ALL, (struct cm_user_token){.ops_count = 0});
	cr_expect_eq(cm_people_put_user(&o.people, &other, &o.err), CM_DUPLICATE);
	other.words = "release officer, Dublin";
	for (size_t i = 0; i < sizeof bad_ids / sizeof bad_ids[0]; i++) {
		other.id = bad_ids[i];
		cr_expect_eq(cm_people_put_user(&o.people, &other, &o.err), CM_BAD_INPUT, "%zu", i);
	}
	other.id = "other";
	for (size_t i = 0; i < sizeof bad_words / sizeof bad_words[0]; i++) {
		other.words = bad_words[i];
		cr_expect_eq(cm_people_put_user(&o.people, &other, &o.err), CM_BAD_INPUT, "%zu", i);
	}
	other.words = "release officer, Dublin";
	other.duties = 0;
	cr_expect_eq(cm_people_put_user(&o.people, &other, &o.err), CM_BAD_INPUT);
	other.duties = 1;
	cr_expect_eq(cm_people_put_user(&o.people, &other, &o.err), CM_OK);
	cr_expect_eq(o.people.users_count, 2);
	cm_people_fini(&o.people);
}
