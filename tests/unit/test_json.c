#include <criterion/criterion.h>
#include <string.h>

#include "cores_help.h"
#include "protocol/post/json.h"

/* Messages as JSON: every kind, every type of field, and what is left out. */

static struct cm_arena arena;

static void init(void)
{
	cm_arena_init(&arena, 0);
}

static void end(void)
{
	cm_arena_fini(&arena);
	cr_assert_eq(cm_alloc_live(), 0);
}

TestSuite(json, .init = init);

static const char *print(const struct cm_schema *schema, const void *msg)
{
	json_t *json = cm_json_of(schema, msg);
	char *text;
	const char *copy;

	cr_assert_not_null(json);
	text = json_dumps(json, JSON_COMPACT);
	copy = cm_arena_text(&arena, text);
	free(text);
	json_decref(json);
	return copy;
}

static const char *of_kind(enum cm_kind kind, const void *msg)
{
	return print(cm_schema_of(kind), msg);
}

/* All one bytes, so that no id is zero. */
static struct cm_id ones(void)
{
	struct cm_id id;

	memset(id.bytes, 0x11, sizeof id.bytes);
	return id;
}
#define ONES "\"11111111-1111-1111-1111-111111111111\""

/* ---- every kind ------------------------------------------------------------------------------ */

Test(json, a_demand_shows_its_blinds_in_hex_and_no_identifier)
{
	struct cm_demand *demand = help_demand(&arena, "US", 1, "content");
	uint8_t blind[2] = {0xab, 0x01};

	demand->case_id = ones();
	demand->fingerprint = (struct cm_bytes){blind, 2};
	((struct cm_target *)(uintptr_t)demand->targets)->blind = demand->fingerprint;
	help_demand_fact(&arena, demand, "us_person", "??");
	cr_assert_str_eq(of_kind(CM_KIND_DEMAND, demand),
	    "{\"case_id\":" ONES
	    ",\"fingerprint\":\"ab01\",\"intake\":\"us\",\"issuing_state\":\"US\","
	    "\"registered_ms\":1793836800000,\"categories\":[\"content\"],"
	    "\"targets\":[{\"index\":1,\"blind\":\"ab01\",\"facts\":[]}],"
	    "\"facts\":[{\"name\":\"served_on\",\"values\":[\"2026-11-07\"],\"knowledge\":"
	    "\"known\","
	    "\"source\":\"a "
	    "test\"},{\"name\":\"us_person\",\"values\":[],\"knowledge\":\"cannot_tell\","
	    "\"source\":\"a test\"}],\"as_of\":\"2026-11-07\",\"ledger\":0}");
	end();
}

Test(json, an_ask_has_its_demand_inside)
{
	struct cm_demand *demand = help_demand(&arena, "US", 1, "content");
	struct cm_ask ask = {.case_id = ones(), .round = 2, .demand = *demand};
	const char *text = of_kind(CM_KIND_ASK, &ask);

	cr_assert_eq(
	    strncmp(text, "{\"case_id\":" ONES ",\"round\":2,\"demand\":{\"case_id\":", 70), 0,
	    "%s", text);
	cr_assert_not_null(strstr(text, "\"parts\":[]"));
	end();
}

Test(json, an_answer_shows_rulings_with_names_for_numbers)
{
	struct cm_demand *demand = help_demand(&arena, "US", 1, "content");
	struct cm_answer *answer = help_answer(&arena, demand, "ie", 1);
	struct cm_finding *finding;
	struct cm_ruling *ruling;

	(void)help_host(&arena, answer, 1, "content", "IE", &finding);
	ruling = help_says(&arena, finding, "possible forbids disclose");
	help_asks(&arena, ruling, "residence", "Where?");
	help_term(&arena, ruling, "2026-11-23", true);
	answer->case_id = ones();
	cr_assert_str_eq(of_kind(CM_KIND_ANSWER, answer),
	    "{\"case_id\":" ONES ",\"round\":1,\"node\":\"ie\",\"region\":\"ie\","
	    "\"at_ms\":1793836800000,\"hosted\":[{\"target\":1,\"category\":\"content\","
	    "\"region\":\"ie\",\"hosting_state\":\"IE\",\"facts\":[]}],\"findings\":[{\"target\":1,"
	    "\"category\":\"content\",\"region\":\"ie\",\"side\":\"hosting\",\"rulings\":[{"
	    "\"rule\":\"test.disclose.0\",\"jurisdiction\":\"TEST\",\"state\":\"possible\","
	    "\"modality\":\"forbids\",\"act\":\"disclose\",\"title\":\"title of test.disclose.0\","
	    "\"cite\":\"cite of "
	    "test.disclose.0\",\"strength\":\"default\",\"needs\":[\"residence\"],"
	    "\"ask\":\"Where?\",\"terms\":[{\"act\":\"disclose\",\"due\":\"2026-11-23\",\"zone\":"
	    "\"UTC\","
	    "\"counting\":\"counted by a test\",\"conditional\":true}],\"readings\":[]}]}],\"law\":[],"
	    "\"signed_off_by\":\"machine\",\"amendments\":[]}");
	end();
}

Test(json, an_outcome_shows_parts_steps_and_questions)
{
	static const char *const questions[] = {"Where?"};
	struct cm_step step = {.act = "preserve", .who = "legal desk us"};
	struct cm_part_outcome part = {.target = 1,
	    .category = "content",
	    .disposition = "challenge",
	    .why = "Because.",
	    .steps = &step,
	    .steps_count = 1,
	    .questions = questions,
	    .questions_count = 1};
	struct cm_outcome outcome = {.case_id = ones(),
	    .revision = 1,
	    .decided_ms = -1,
	    .router = "router",
	    .parts = &part,
	    .parts_count = 1};

	cr_assert_str_eq(of_kind(CM_KIND_OUTCOME, &outcome),
	    "{\"case_id\":" ONES ",\"revision\":1,\"decided_ms\":-1,\"router\":\"router\","
	    "\"parts\":[{\"target\":1,\"category\":\"content\",\"disposition\":\"challenge\","
	    "\"why\":\"Because.\",\"grounds\":[],\"steps\":[{\"act\":\"preserve\","
	    "\"who\":\"legal desk us\",\"terms\":[]}],\"terms\":[],\"questions\":[\"Where?\"],\"amendments\":[]}],"
	    "\"law\":[],\"related\":[]}");
	end();
}

Test(json, an_event_shows_its_number_and_an_outcome_only_if_it_has_one)
{
	struct cm_event event = {
	    .case_id = ones(), .seq = 7, .at_ms = 1, .router = "router", .what = "demand.accepted"};

	cr_assert_str_eq(of_kind(CM_KIND_EVENT, &event),
	    "{\"case_id\":" ONES ",\"seq\":7,\"at_ms\":1,\"router\":\"router\","
	    "\"what\":\"demand.accepted\",\"outcomes\":[]}");
	end();
}

Test(json, an_operation_and_its_reply)
{
	struct cm_arg arg = {.name = "state", .value = "asked"};
	struct cm_op op = {.name = "list", .args = &arg, .args_count = 1};
	struct cm_op_reply reply = {.status = 3, .sentence = "no \"such\" case"};

	cr_assert_str_eq(of_kind(CM_KIND_OP, &op),
	    "{\"name\":\"list\",\"args\":[{\"name\":\"state\",\"value\":\"asked\"}]}");
	cr_assert_str_eq(of_kind(CM_KIND_OP_REPLY, &reply),
	    "{\"status\":3,\"sentence\":\"no \\\"such\\\" case\",\"offset\":0}");
	end();
}

Test(json, an_envelope_with_nothing_in_it)
{
	struct cm_envelope envelope = {.version = 1, .sender = "us", .boot = 5};

	cr_assert_str_eq(print(cm_schema_envelope(), &envelope),
	    "{\"version\":1,\"sender\":\"us\",\"boot\":5,\"receipts\":[],\"records\":[],"
	    "\"stamps\":[],\"checkpoints\":[],\"manifest\":0}");
	end();
}

Test(json, every_kind_can_be_printed_when_all_of_it_is_absent)
{
	static const enum cm_kind kinds[] = {
#define X(name, number, type, most) CM_KIND_##name,
	    CM_MESSAGE_TABLE(X)
#undef X
	};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		const struct cm_schema *schema = cm_schema_of(kinds[i]);
		json_t *json;

		/* Enums begin at one: their zero has a name of its own to show that it is wrong. */
		json = cm_json_of(schema, cm_arena_alloc(&arena, 1, schema->size));
		cr_assert_not_null(json, "%s", schema->name);
		for (size_t f = 0; f < schema->fields_count; f++) {
			const struct cm_field *field = &schema->fields[f];
			bool shows = field->required || (field->kind != CM_FIELD_TEXT &&
							    field->kind != CM_FIELD_BYTES &&
							    field->kind != CM_FIELD_ID &&
							    field->kind != CM_FIELD_U32);

			cr_assert_eq(json_object_get(json, field->name) != NULL, shows, "%s.%s",
			    schema->name, field->name);
		}
		json_decref(json);
	}
	end();
}

/* ---- values ---------------------------------------------------------------------------------- */

Test(json, a_text_that_is_no_utf8_gives_no_json_instead_of_half_of_it)
{
	struct cm_op op = {.name = "\xff"};
	struct cm_arg arg = {.name = "state", .value = "\xff"};
	struct cm_op nested = {.name = "list", .args = &arg, .args_count = 1};

	cr_assert_null(cm_json_of(cm_schema_of(CM_KIND_OP), &op));
	cr_assert_null(cm_json_of(cm_schema_of(CM_KIND_OP), &nested));
	end();
}

Test(json, without_memory_there_is_none)
{
	uint8_t bytes[4] = {1, 2, 3, 4};
	struct cm_op op = {.name = "file", .body = {bytes, 4}};

	cm_alloc_fail_at(1, false);
	cr_assert_null(cm_json_of(cm_schema_of(CM_KIND_OP), &op));
	cm_alloc_fail_at(0, false);
	end();
}
