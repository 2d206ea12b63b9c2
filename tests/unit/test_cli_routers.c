#include <criterion/criterion.h>
#include <string.h>

#include "nodes/cli/routers.h"
#include "protocol/base/alloc.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ID "0198c0de-1234-7abc-8def-001122334455"

/* What three routers say, and whom of them to ask; or why nobody can be. */
static const struct {
	const char *what;
	struct cm_router_word words[3];
	int picked;
	enum cm_status status;
	const char *says;
} picks[] = {
    {"the only one that knows it",
        {{"router1", CM_NOT_FOUND, false, 0}, {"router2", CM_OK, false, 1},
            {"router3", CM_NOT_FOUND, false, 0}},
        1, CM_OK, NULL},
    {"the present owner, not the former one",
        {{"router1", CM_OK, true, 1}, {"router2", CM_NOT_FOUND, false, 0},
            {"router3", CM_OK, false, 2}},
        2, CM_OK, NULL},
    {"the higher epoch, where one has not heard of its end",
        {{"router1", CM_OK, false, 1}, {"router2", CM_OK, false, 3}, {"router3", CM_OK, false, 2}},
        1, CM_OK, NULL},
    {"an owner of a lower epoch than a former one knew: it has come back and forth",
        {{"router1", CM_OK, true, 3}, {"router2", CM_OK, false, 2},
            {"router3", CM_NOT_FOUND, false, 0}},
        1, CM_OK, NULL},
    {"the owner, though another is down",
        {{"router1", CM_UNREACHABLE, false, 0}, {"router2", CM_OK, false, 1},
            {"router3", CM_TIMED_OUT, false, 0}},
        1, CM_OK, NULL},
    {"nobody knows it",
        {{"router1", CM_NOT_FOUND, false, 0}, {"router2", CM_NOT_FOUND, false, 0},
            {"router3", CM_NOT_FOUND, false, 0}},
        -1, CM_NOT_FOUND, "none of the 3 routers has case " ID},
    {"nobody who answers knows it",
        {{"router1", CM_UNREACHABLE, false, 0}, {"router2", CM_NOT_FOUND, false, 0},
            {"router3", CM_TRY_AGAIN, false, 0}},
        -1, CM_UNREACHABLE,
        "router1 and router3 cannot be asked, and no other router has case " ID},
    {"the former owner knows it, the present one is down",
        {{"router1", CM_OK, true, 1}, {"router2", CM_TIMED_OUT, false, 0},
            {"router3", CM_NOT_FOUND, false, 0}},
        -1, CM_UNREACHABLE,
        "router1 has handed case " ID " to another router, and router2 cannot be asked"},
    {"on its way: of two former owners the last is named",
        {{"router1", CM_OK, true, 1}, {"router2", CM_OK, true, 2},
            {"router3", CM_NOT_FOUND, false, 0}},
        -1, CM_TRY_AGAIN,
        "case " ID " is on its way from router2 to another router; ask again"},
};

Test(routers, the_one_to_ask_about_a_case_is_its_owner)
{
	for (size_t i = 0; i < COUNT(picks); i++) {
		struct cm_err err = {.status = CM_OK, .text = ""};
		int picked = cm_routers_pick(picks[i].words, 3, ID, &err);

		cr_assert_eq(picked, picks[i].picked, "%s: %d", picks[i].what, picked);
		if (picked >= 0)
			continue;
		cr_assert_eq(err.status, picks[i].status, "%s", picks[i].what);
		cr_assert_str_eq(err.text, picks[i].says, "%s", err.text);
	}
}

Test(routers, are_named_in_a_sentence)
{
	const char *const names[] = {"router1", "router2", "router3"};
	char text[64];
	char little[12];

	cm_routers_names(names, 0, text, sizeof text);
	cr_assert_str_eq(text, "");
	cm_routers_names(names, 1, text, sizeof text);
	cr_assert_str_eq(text, "router1");
	cm_routers_names(names, 2, text, sizeof text);
	cr_assert_str_eq(text, "router1 and router2");
	cm_routers_names(names, 3, text, sizeof text);
	cr_assert_str_eq(text, "router1, router2 and router3");
	cm_routers_names(names, 3, little, sizeof little);
	cr_assert_str_eq(little, "router1, ro");
}

static json_t *list_of(const char *text)
{
	json_t *list = json_loads(text, 0, NULL);

	cr_assert_not_null(list, "%s", text);
	return list;
}

static void add(json_t *rows, const char *router, const char *text)
{
	json_t *list = list_of(text);
	struct cm_err err;

	cr_assert_eq(cm_routers_add_list(rows, router, list, &err), CM_OK);
	json_decref(list);
}

/* "case@router state" of each row, in order. */
static void expect_rows(json_t *rows, const char *expected)
{
	json_t *sorted = cm_routers_sort(rows);
	char text[512] = "";
	size_t i;
	json_t *row;

	cr_assert_not_null(sorted);
	json_array_foreach(sorted, i, row)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s@%s %s",
		    i > 0 ? ", " : "", json_string_value(json_object_get(row, "case")),
		    json_string_value(json_object_get(row, "at")),
		    json_string_value(json_object_get(row, "state")));
	cr_assert_str_eq(text, expected, "%s", text);
	json_decref(sorted);
	json_decref(rows);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(routers, lists_of_several_are_one_with_the_newest_case_first)
{
	json_t *rows = json_object();

	add(rows, "router1",
	    "[{\"case\":\"d\",\"state\":\"asked\",\"opened_ms\":40},"
	    "{\"case\":\"a\",\"state\":\"decided\",\"opened_ms\":10}]");
	add(rows, "router2", "[]");
	add(rows, "router3",
	    "[{\"case\":\"c\",\"state\":\"decided\",\"opened_ms\":20},"
	    "{\"case\":\"b\",\"state\":\"decided\",\"opened_ms\":20}]");
	expect_rows(rows, "d@router1 asked, c@router3 decided, b@router3 decided, a@router1 decided");
}

Test(routers, lists_name_each_case_once_with_its_present_owner)
{
	static const char former[] =
	    "[{\"case\":\"a\",\"state\":\"moved\",\"epoch\":1,\"opened_ms\":10},"
	    "{\"case\":\"b\",\"state\":\"asked\",\"epoch\":1,\"opened_ms\":9},"
	    "{\"case\":\"c\",\"state\":\"moved\",\"epoch\":1,\"opened_ms\":8}]";
	static const char present[] =
	    "[{\"case\":\"a\",\"state\":\"decided\",\"epoch\":2,\"opened_ms\":10},"
	    "{\"case\":\"b\",\"state\":\"decided\",\"epoch\":2,\"opened_ms\":9}]";
	json_t *rows = json_object();

	add(rows, "router1", former);
	add(rows, "router2", present);
	expect_rows(rows, "a@router2 decided, b@router2 decided, c@router1 moved");
	rows = json_object();
	add(rows, "router2", present);
	add(rows, "router1", former);
	expect_rows(rows, "a@router2 decided, b@router2 decided, c@router1 moved");
}
