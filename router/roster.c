#include "router/roster.h"

#include <string.h>

void cm_roster_init(struct cm_roster *roster)
{
	roster->count = 0;
	cm_arena_init(&roster->arena, 0);
}

void cm_roster_fini(struct cm_roster *roster)
{
	roster->count = 0;
	cm_arena_fini(&roster->arena);
}

int cm_roster_find(const struct cm_roster *roster, const char *name)
{
	for (size_t i = 0; i < roster->count; i++)
		if (strcmp(roster->members[i].name, name) == 0)
			return (int)i;
	return -1;
}

int cm_roster_region(const struct cm_roster *roster, const char *region)
{
	for (size_t i = 0; i < roster->count; i++)
		if (roster->members[i].role == CM_ROLE_REGION &&
		    strcmp(roster->members[i].region, region) == 0)
			return (int)i;
	return -1;
}

int cm_roster_issuing(const struct cm_roster *roster, const char *state)
{
	for (size_t i = 0; i < roster->count; i++)
		for (size_t j = 0; j < roster->members[i].issuing_count; j++)
			if (strcmp(roster->members[i].issuing[j], state) == 0)
				return (int)i;
	return -1;
}

/* A copy whose texts are the roster's. */
static enum cm_status copy_member(struct cm_roster *roster, const struct cm_member *member,
    struct cm_member *out, struct cm_err *err)
{
	struct cm_member copy = *member;
	bool whole = true;

	copy.name = cm_arena_text(&roster->arena, member->name);
	copy.region = cm_arena_text(&roster->arena, member->region);
	copy.state = cm_arena_text(&roster->arena, member->state);
	copy.address = cm_arena_text(&roster->arena, member->address);
	whole = copy.name != NULL && copy.region != NULL && copy.state != NULL &&
	        copy.address != NULL;
	for (size_t i = 0; i < member->issuing_count; i++) {
		copy.issuing[i] = cm_arena_text(&roster->arena, member->issuing[i]);
		whole = whole && copy.issuing[i] != NULL;
	}
	if (!whole)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the roster");
	*out = copy;
	return CM_OK;
}

static enum cm_status check_states(const struct cm_member *member, struct cm_err *err)
{
	if (member->issuing_count > CM_MAX_MEMBER_STATES)
		return cm_err_set(err, CM_TOO_LARGE,
		    "member \"%s\" carries the law of more than %d states", member->name,
		    CM_MAX_MEMBER_STATES);
	return CM_OK;
}

enum cm_status cm_roster_add(struct cm_roster *roster, const struct cm_member *member,
    struct cm_err *err)
{
	struct cm_member copy;
	enum cm_status status = check_states(member, err);

	if (status != CM_OK)
		return status;
	if (roster->count == CM_MAX_PEERS)
		return cm_err_set(err, CM_TOO_LARGE, "more than %d members in one fleet",
		    CM_MAX_PEERS);
	if (cm_roster_find(roster, member->name) >= 0)
		return cm_err_set(err, CM_DUPLICATE, "two members are called \"%s\"", member->name);
	if (member->role == CM_ROLE_REGION && cm_roster_region(roster, member->region) >= 0)
		return cm_err_set(err, CM_DUPLICATE, "region \"%s\" has two nodes", member->region);
	status = copy_member(roster, member, &copy, err);
	if (status == CM_OK)
		roster->members[roster->count++] = copy;
	return status;
}

static bool is_same(const struct cm_member *a, const struct cm_member *b)
{
	bool same = a->role == b->role && strcmp(a->region, b->region) == 0 &&
	            strcmp(a->state, b->state) == 0 && strcmp(a->address, b->address) == 0 &&
	            a->issuing_count == b->issuing_count;

	for (size_t i = 0; same && i < a->issuing_count; i++)
		same = strcmp(a->issuing[i], b->issuing[i]) == 0;
	return same;
}

enum cm_status cm_roster_change(struct cm_roster *roster, const struct cm_member *member,
    struct cm_err *err)
{
	int index = cm_roster_find(roster, member->name);
	int other = member->role == CM_ROLE_REGION ? cm_roster_region(roster, member->region) : -1;
	const char *name;
	enum cm_status status;

	if (index < 0)
		return cm_err_set(err, CM_NOT_FOUND, "no member is called \"%s\"", member->name);
	if (other >= 0 && other != index)
		return cm_err_set(err, CM_DUPLICATE, "region \"%s\" has two nodes", member->region);
	if (is_same(&roster->members[index], member))
		return CM_OK;
	name = roster->members[index].name; /* open cases point to it */
	status = check_states(member, err);
	if (status == CM_OK)
		status = copy_member(roster, member, &roster->members[index], err);
	roster->members[index].name = name;
	return status;
}

bool cm_role_parse(const char *text, enum cm_role *out)
{
	if (strcmp(text, "region") == 0)
		*out = CM_ROLE_REGION;
	else if (strcmp(text, "central") == 0)
		*out = CM_ROLE_CENTRAL;
	else if (strcmp(text, "router") == 0)
		*out = CM_ROLE_ROUTER;
	else
		return false;
	return true;
}

const char *cm_role_name(enum cm_role role)
{
	switch (role) {
	case CM_ROLE_REGION:
		return "region";
	case CM_ROLE_CENTRAL:
		return "central";
	case CM_ROLE_ROUTER:
		return "router";
	}
	return "?";
}

bool cm_roster_is_central(const struct cm_roster *roster, const char *name)
{
	int member = cm_roster_find(roster, name);

	return member >= 0 && roster->members[member].role == CM_ROLE_CENTRAL;
}
