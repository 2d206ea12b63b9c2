/*
 * What a process answers, on its way to a reader's terminal: any JSON is shown as the outcome of a case, in
 * every way there is, and no byte of it may do something to the terminal.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nodes/cli/outcome_print.h"
#include "protocol/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show(const json_t *reply, enum cm_format format)
{
	char *shown = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&shown, &len);
	struct cm_output out = {.data = memory, .notes = memory, .format = format, .columns = 72};
	struct cm_err err = {.text = ""};
	enum cm_status status;

	assert(memory != NULL);
	status = cm_outcome_print(reply, &out, &err);
	assert(status == CM_OK || err.text[0] != 0);
	if (format == CM_FORMAT_TABLE) {
		cm_outcome_print_steps(reply, &out);
		cm_outcome_print_links(reply, &out);
		cm_outcome_print_why(reply, 0, NULL, &out);
		cm_outcome_print_why(reply, 1, "content", &out);
	}
	(void)fclose(memory);
	assert(strlen(shown) == len); /* a NUL ends what a reader sees */
	if (format == CM_FORMAT_TABLE)
		assert(cm_text_is_plain(shown, len));
	free(shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_error_t where;
	json_t *reply = json_loadb((const char *)data, size, JSON_DECODE_ANY, &where);

	if (reply != NULL) {
		show(reply, CM_FORMAT_TABLE);
		show(reply, CM_FORMAT_JSON);
		show(reply, CM_FORMAT_NDJSON);
	}
	json_decref(reply);
	assert(cm_alloc_live() == 0);
	return 0;
}
