/* A file of users: read and printed to a form that reads back to itself, or refused; and any text as a pass. */
#include <assert.h>
#include <string.h>

#include "protocol/people/people.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_pass(const uint8_t *data, size_t size)
{
	static struct cm_people nobody;
	struct cm_request request = {.process = "ie", .region = "ie", .op = "list"};
	struct cm_grant grant;
	struct cm_err err = {.text = ""};
	char text[256];

	if (size >= sizeof text)
		return;
	memcpy(text, data, size);
	text[size] = 0;
	request.pass = text;
	assert(cm_people_check(&nobody, &request, &grant, &err) == CM_NOT_ALLOWED && err.text[0] != 0);
	assert(grant.user == NULL && grant.token == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cm_people people;
	struct cm_people back;
	struct cm_buf print;
	struct cm_buf again;
	struct cm_err err = {.text = ""};

	as_pass(data, size);
	if (cm_people_parse((const char *)data, size, &people, &err) == CM_OK) {
		cm_buf_init(&print, 0);
		cm_buf_init(&again, 0);
		cm_people_print(&people, &print);
		assert(!print.failed);
		assert(cm_people_parse(cm_buf_str(&print), print.len, &back, &err) == CM_OK);
		cm_people_print(&back, &again);
		assert(strcmp(cm_buf_str(&print), cm_buf_str(&again)) == 0);
		cm_people_fini(&back);
		cm_buf_fini(&print);
		cm_buf_fini(&again);
	} else {
		assert(err.text[0] != 0 && people.users_count == 0 && people.tokens_count == 0);
	}
	cm_people_fini(&people);
	assert(cm_alloc_live() == 0);
	return 0;
}
