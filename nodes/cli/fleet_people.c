/*
 * The users of a fleet on one machine, and their tokens: one for each role, and one with all of them for tests
 * and trials. They are made once and stay as long as the fleet's folder, which is its owner's alone.
 *
 * They are users like any other: the processes know no fleet of tests, and let nobody in who is not in the file.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nodes/cli/fleet_file.h"
#include "protocol/link/now.h"
#include "protocol/people/people_file.h"

#define TOKEN_LIFE_MS (INT64_C(3650) * 24 * 3600 * 1000) /* a fleet's: tests set clocks far ahead */

const char *cm_fleet_token_path(struct cm_fleet *fleet, const char *user)
{
	return cm_arena_printf(&fleet->arena, "%s/tokens/%s.token", fleet->dir, user);
}

static enum cm_status add_one(struct cm_fleet *fleet, struct cm_people *people,
    const struct cm_user *user, struct cm_err *err)
{
	int64_t now_ms = cm_wall_now().ms;
	struct cm_user_token spec = {
	    .user = user->id, .issued_ms = now_ms, .expires_ms = now_ms + TOKEN_LIFE_MS};
	const char *path = cm_fleet_token_path(fleet, user->id);
	struct cm_token token;
	enum cm_status status = cm_people_put_user(people, user, err);

	if (path == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	cm_token_make(&token);
	if (status == CM_OK)
		status = cm_people_put_token(people, &spec, &token, err);
	if (status == CM_OK) {
		(void)unlink(path); /* of a start that was given up before there was a file of users */
		status = cm_token_save(&token, path, err);
	}
	cm_token_wipe(&token);
	return status;
}

static enum cm_status add_all(
    struct cm_fleet *fleet, struct cm_people *people, struct cm_err *err)
{
	struct cm_user drill = {.id = CM_FLEET_DRILL_USER,
	    .words = "fleet drill",
	    .duties = CM_DUTIES_ALL,
	    .is_drill = true};
	enum cm_status status = add_one(fleet, people, &drill, err);

	for (unsigned i = 0; status == CM_OK && i < CM_DUTIES_COUNT; i++) {
		char id[CM_MAX_USER_ID_BYTES + 1];
		char words[CM_MAX_USER_WORDS_BYTES];
		struct cm_user user = {.id = id, .words = words, .duties = CM_DUTY_BIT(i)};

		(void)snprintf(id, sizeof id, "%s", cm_duty_word((enum cm_duty)i));
		for (char *c = id; *c != 0; c++)
			if (*c == '_')
				*c = '-';
		(void)snprintf(words, sizeof words, "%s of the fleet", cm_duty_title((enum cm_duty)i));
		status = add_one(fleet, people, &user, err);
	}
	return status;
}

enum cm_status cm_fleet_make_people(struct cm_fleet *fleet, struct cm_err *err)
{
	const char *folder = cm_arena_printf(&fleet->arena, "%s/tokens", fleet->dir);
	struct cm_people people;
	enum cm_status status;

	if (access(fleet->people, F_OK) == 0)
		return CM_OK;
	if (folder == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return cm_err_set(err, CM_IO, "make the folder %s: %s", folder, strerror(errno));
	cm_people_init(&people);
	status = add_all(fleet, &people, err);
	if (status == CM_OK)
		status = cm_people_save(&people, fleet->people, err);
	cm_people_fini(&people);
	return status;
}
