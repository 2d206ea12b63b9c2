#include "jurisdictions/engine/table.h"

#include <assert.h>
#include <string.h>

#include "jurisdictions/engine/parse.h"

#define MAX_FILES 4096

static enum cm_status parse_all(struct cm_loader *loader, struct cm_law *law)
{
	law->units =
	    cm_arena_alloc(&law->arena, loader->files_count, sizeof(struct cm_unit_file *));
	if (law->units == NULL)
		return CM_NO_MEMORY;
	for (uint32_t i = 0; i < loader->files_count; i++) {
		struct cm_unit_file *unit;

		if (loader->files[i].len > CM_MAX_LAW_FILE_BYTES) {
			struct cm_at at = {.file = i, .line = 1};

			cm_error_add(loader, at, "bound", "a file of law has at most %d bytes",
			    CM_MAX_LAW_FILE_BYTES);
			continue;
		}
		unit = cm_parse_file(loader, &law->arena, i);
		if (loader->out_of_memory)
			return CM_NO_MEMORY;
		if (unit != NULL)
			law->units[law->units_count++] = unit;
	}
	return CM_OK;
}

static enum cm_status passes_run(struct cm_check *check)
{
	struct cm_loader *loader = check->loader;
	enum cm_status status = parse_all(loader, check->law);

	if (status != CM_OK)
		return status;
	if (!cm_link(check))
		return CM_NO_MEMORY;
	cm_check_all(check);
	if (loader->out_of_memory)
		return CM_NO_MEMORY;
	if (loader->remarks->errors != 0)
		return CM_BAD_INPUT;
	status = cm_compile(check);
	if (status == CM_OK)
		status = cm_check_digest(check);
	if (status == CM_OK)
		status = cm_prove(check);
	if (status == CM_OK && loader->out_of_memory)
		status = CM_NO_MEMORY;
	if (status == CM_OK && loader->remarks->errors != 0)
		status = CM_BAD_INPUT;
	return status == CM_OK ? cm_tables_make(check->law) : status;
}

enum cm_status cm_law_load(
    const struct cm_law_file *files, size_t count, struct cm_remarks *remarks, struct cm_law **out)
{
	struct cm_loader loader = {.files = files, .files_count = count, .remarks = remarks};
	struct cm_check check = {.loader = &loader};
	enum cm_status status;

	*out = NULL;
	if (count > MAX_FILES)
		return CM_TOO_LARGE;
	check.law = cm_alloc(1, sizeof *check.law);
	if (check.law == NULL)
		return CM_NO_MEMORY;
	cm_arena_init(&check.law->arena, 0);
	status = passes_run(&check);
	cm_remarks_sort(&loader);
	if (status != CM_OK) {
		cm_law_free(check.law);
		return status;
	}
	*out = check.law;
	return CM_OK;
}
