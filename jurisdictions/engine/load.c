#include "jurisdictions/engine/table.h"

#include <assert.h>
#include <string.h>

#include "jurisdictions/engine/parse.h"

#define MAX_FILES 4096

static const char *or_empty(const char *text)
{
	return text != NULL ? text : "";
}

/* What a reader wants to know of each rule, once. */
static void infos_fill(struct cm_law *law)
{
	for (size_t i = 0; i < law->rules_count; i++) {
		const struct cm_rule_def *def = law->rules[i].def;
		enum cm_strength strength = def->has_strength ? def->strength : CM_STRENGTH_DEFAULT;

		law->rules[i].info = (struct cm_rule_info){
		    .id = def->id,
		    .jurisdiction = def->file->jurisdiction,
		    .title = def->title,
		    .source = cm_source_names[def->source],
		    .cite = def->cites->text,
		    .url = or_empty(def->cites->url),
		    .modality = def->modality,
		    .act = def->act->text,
		    .strength = cm_strength_names[strength],
		    .penalty = or_empty(def->penalty),
		    .ask = or_empty(def->ask),
		    .note = or_empty(def->note),
		    .path = def->file->path,
		    .line = def->at.line,
		};
	}
}

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
	infos_fill(check->law);
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
