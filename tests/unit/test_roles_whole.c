/*
 * The table of roles against the operations that the processes know: none is missing in the one, none is
 * invented in the other. A plain program, since the machines bring nng with them.
 */
#include <stdio.h>
#include <string.h>

#include "nodes/desk/desk_ops.h"
#include "protocol/people/roles.h"
#include "protocol/post/office_parts.h"
#include "router/router.h"

static size_t passed;
static size_t failed;

static void check(bool is_so, const char *what, const char *op)
{
	if (is_so) {
		passed++;
		return;
	}
	failed++;
	(void)printf("FAILED %s: %s\n", what, op);
}

typedef const char *(*name_fn)(size_t index);

/* The post's own. */
static const char *own_name(size_t index)
{
	return index == 0 ? CM_MANIFEST_OP : NULL;
}

static const name_fn tables[] = {cm_ops_name, cm_desk_op_name, cm_router_op_name, own_name};

static bool is_known(const char *op)
{
	for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
		for (size_t i = 0; tables[t](i) != NULL; i++)
			if (strcmp(tables[t](i), op) == 0)
				return true;
	return false;
}

int main(void)
{
	size_t count = 0;

	for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
		for (size_t i = 0; tables[t](i) != NULL; i++, count++)
			check(cm_permission_find(tables[t](i)) != NULL,
			    "an operation that is in no row of the table of roles", tables[t](i));
	check(count > 12, "the processes have operations", "all");
	for (size_t i = 0; cm_permission_at(i) != NULL; i++)
		check(is_known(cm_permission_at(i)->op), "a row for what no process knows",
		    cm_permission_at(i)->op);
	(void)printf("%zu passed, %zu failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}
