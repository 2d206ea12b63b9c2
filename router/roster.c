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

enum cm_status cm_roster_add(struct cm_roster *roster, const struct cm_member *member,
    struct cm_err *err)
{
	struct cm_member copy = *member;
	bool whole = true;

	if (member->issuing_count > CM_MAX_MEMBER_STATES)
		return cm_err_set(err, CM_TOO_LARGE,
		    "member \"%s\" carries the law of more than %d states", member->name,
		    CM_MAX_MEMBER_STATES);
	if (roster->count == CM_MAX_PEERS)
		return cm_err_set(err, CM_TOO_LARGE, "more than %d members in one fleet",
		    CM_MAX_PEERS);
	if (cm_roster_find(roster, member->name) >= 0)
		return cm_err_set(err, CM_DUPLICATE, "two members are called \"%s\"", member->name);
	if (member->role == CM_ROLE_REGION && cm_roster_region(roster, member->region) >= 0)
		return cm_err_set(err, CM_DUPLICATE, "region \"%s\" has two nodes", member->region);
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
	roster->members[roster->count++] = copy;
	return CM_OK;
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
