/*
 * What comes from outside on its way through the command line: words of a command line, and text
 * that must be harmless when a terminal or a JSON reader gets it.
 */
#include <assert.h>
#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "nodes/cli/fleet_command.h"
#include "nodes/cli/fleet_region.h"
#include "nodes/cli/options.h"
#include "nodes/cli/term.h"
#include "protocol/base/text.h"

static const struct cm_command *const commands[] = {
    &cm_command_fleet_up, &cm_command_fleet_down, &cm_command_fleet_kill, NULL};

static const struct cm_program program = {
    .name = "comity", .options = cm_cli_globals, .commands = commands};

/* The text as arguments, a line feed between two. */
static void parse(char *text)
{
	char *argv[32] = {(char *)"comity"};
	int argc = 1;
	struct cm_cli cli;
	struct cm_err err = {0};
	char *rest;

	for (char *word = strtok_r(text, "\n", &rest); word != NULL && argc < 31;
	     word = strtok_r(NULL, "\n", &rest))
		argv[argc++] = word;
	if (cm_cli_parse(&program, argc, argv, &cli, &err) != CM_OK)
		assert(err.text[0] != 0);
	cm_cli_fini(&cli);
}

static void parse_regions(const char *text)
{
	struct cm_region *regions;
	struct cm_arena arena;
	struct cm_err err;
	size_t count;

	cm_arena_init(&arena, 0);
	if (cm_regions_parse(text, "/nowhere", &arena, &regions, &count, &err) == CM_OK)
		assert(count > 0 && strchr(regions[0].name, '/') == NULL);
	cm_arena_fini(&arena);
}

static void escape_and_wrap(const char *text, size_t len)
{
	struct cm_buf shown;
	size_t at = 0;

	cm_buf_init(&shown, 0);
	cm_term_escape(&shown, text, len);
	assert(cm_text_is_plain(cm_buf_str(&shown), shown.len));
	assert(strpbrk(cm_buf_str(&shown), "\n\r\t") == NULL);
	while (at < shown.len) {
		size_t used = 0;
		size_t line = cm_term_wrap(cm_buf_str(&shown) + at, shown.len - at, 9, &used);

		assert(used > 0 && line <= used && used <= shown.len - at);
		assert(cm_text_columns(cm_buf_str(&shown) + at, line) <= 9);
		at += used;
	}
	cm_buf_fini(&shown);
}

/* Whatever the escaping does to JSON, it stays JSON of the same value. */
static void escape_json(const char *text, size_t len)
{
	json_t *value = json_stringn(text, len);
	char *dump = value != NULL ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
	struct cm_buf shown;

	if (dump != NULL) {
		json_t *again;

		cm_buf_init(&shown, 0);
		cm_term_escape_json(&shown, dump, strlen(dump));
		again = json_loadb(
		    cm_buf_str(&shown), shown.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		assert(json_equal(value, again));
		assert(cm_text_is_plain(cm_buf_str(&shown), shown.len));
		json_decref(again);
		cm_buf_fini(&shown);
	}
	free(dump);
	json_decref(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = cm_alloc(size + 1, 1);

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	escape_and_wrap(text, size);
	escape_json(text, size);
	parse_regions(text);
	parse(text);
	cm_free(text);
	return 0;
}
