/* A demand as somebody serves it: read, or refused in a plain sentence that names no account. */
#include <assert.h>
#include <string.h>

#include "nodes/desk/intake.h"
#include "protocol/base/text.h"
#include "protocol/wire/codec.h"
#include "tests/unit/cores_help.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct cm_blind_key key = {.bytes = {1}};

/* What was read must be fit to be sent, unless it is too large for that. */
static void send(struct cm_intake *intake, struct cm_err *err)
{
	struct cm_buf out;
	enum cm_status status;

	intake->demand.case_id = help_id(1);
	cm_buf_init(&out, 0);
	status = cm_record_encode(CM_KIND_DEMAND, &intake->demand, &out, err);
	assert(status == CM_OK || status == CM_TOO_LARGE);
	cm_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cm_law *law; /* as long as the process */
	struct cm_intake intake;
	struct cm_arena arena;
	struct cm_err err = {.text = ""};
	size_t live;

	if (law == NULL)
		law = help_law("US", "");
	live = cm_alloc_live();
	cm_arena_init(&arena, 0);
	if (cm_intake_read(&(struct cm_intake_env){law, &key, "us", key.bytes}, (const char *)data, size,
		(struct cm_wall){HELP_NOW_MS}, &arena, &intake, &err) == CM_OK)
		send(&intake, &err);
	else
		assert(err.text[0] != 0 && strchr(err.text, '@') == NULL &&
		       cm_text_is_plain(err.text, strlen(err.text)));
	cm_arena_fini(&arena);
	assert(cm_alloc_live() == live);
	return 0;
}
