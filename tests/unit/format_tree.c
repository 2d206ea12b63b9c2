#include "format_tree.h"

#include <criterion/criterion.h>
#include <string.h>

#include "jurisdictions/engine/parse.h"
#include "jurisdictions/engine/print.h"
#include "jurisdictions/engine/sentence.h"

/* ---- the tree ---- */

static void tests_tell(const struct cm_test_def *test, struct cm_buf *out)
{
	for (; test != NULL; test = test->next) {
		cm_buf_printf(out, "test \"%s\" case %s day %d", test->name,
		    test->real_case != NULL ? test->real_case : "-",
		    test->has_day ? (int)test->day.number : -1);
		for (const struct cm_expr *given = test->given; given != NULL;
		     given = given->next) {
			cm_buf_text(out, "; ");
			cm_expr_print_written(given, out);
		}
		cm_buf_printf(out, " -> %d", (int)test->expect);
		for (const struct cm_word *name = test->names; name != NULL; name = name->next)
			cm_buf_printf(out, " %s", name->text);
		cm_buf_byte(out, '\n');
	}
}

static void rule_tell(const struct cm_rule_def *rule, struct cm_buf *out)
{
	for (const struct cm_review *review = rule->reviews; review != NULL; review = review->next)
		cm_buf_printf(out, "review %s %d %s\n", review->by != NULL ? review->by : "-",
		    (int)review->day.number, review->digest != NULL ? review->digest : "-");
	cm_buf_printf(out, "owner %s again %d\n", rule->owner != NULL ? rule->owner : "-",
	    rule->has_review_again ? (int)rule->review_again.number : -1);
	if (rule->applies != NULL)
		cm_expr_print_written(rule->applies, out);
	tests_tell(rule->tests, out);
}

static void unit_tell(const struct cm_unit_file *unit, struct cm_buf *out)
{
	struct cm_printer printer = {.out = out, .canonical = true};

	cm_buf_printf(out, "%s \"%s\"", unit->jurisdiction, unit->title);
	for (const struct cm_word *use = unit->uses; use != NULL; use = use->next)
		cm_buf_printf(out, " %s", use->text);
	for (const struct cm_item *item = unit->items; item != NULL; item = item->next) {
		cm_buf_byte(out, '\n');
		cm_print_item(&printer, item);
		cm_buf_byte(out, '\n');
		if (item->kind == CM_ITEM_RULE)
			rule_tell(item->rule, out);
		if (item->kind == CM_ITEM_NOTION)
			tests_tell(item->notion->tests, out);
	}
}

/* A fingerprint of each comment, in an order of their own: fields are sorted, and take theirs
 * along. */
static size_t comments_tell(const struct cm_unit_file *unit, struct cm_buf *out)
{
	size_t count = 0;
	uint64_t sum = 0;

	for (const struct cm_comment *comment = unit->comments; comment != NULL;
	     comment = comment->next) {
		uint64_t hash = 14695981039346656037u;

		for (const char *c = comment->text; *c != 0; c++)
			hash = (hash ^ (uint8_t)*c) * 1099511628211u;
		sum += hash;
		count++;
	}
	cm_buf_printf(out, "%zu comments %016llx\n", count, (unsigned long long)sum);
	return count;
}

size_t format_tree(const char *text, size_t len, struct cm_buf *out)
{
	struct cm_law_file file = {"a.law", text, len};
	struct cm_remarks remarks;
	struct cm_loader loader = {.files = &file, .files_count = 1, .remarks = &remarks};
	struct cm_unit_file *unit;
	struct cm_arena arena;
	size_t comments;

	cm_remarks_init(&remarks);
	cm_arena_init(&arena, 0);
	unit = cm_parse_file(&loader, &arena, 0);
	cr_assert_not_null(unit);
	cr_assert_eq(remarks.errors, 0, "%u: %s in\n%.*s", (unsigned)remarks.items[0].line,
	    remarks.items[0].text, (int)len, text);
	comments = comments_tell(unit, out);
	unit_tell(unit, out);
	cm_arena_fini(&arena);
	cm_remarks_fini(&remarks);
	return comments;
}

/* ---- other clothes ---- */

static uint32_t dice(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

void format_squeeze(const char *text, size_t len, uint32_t seed, uint32_t every, struct cm_buf *out)
{
	struct cm_law_file file = {"a.law", text, len};
	struct cm_remarks remarks;
	struct cm_loader loader = {.files = &file, .files_count = 1, .remarks = &remarks};
	struct cm_arena arena;
	struct cm_lexer lexer;
	struct cm_token token;
	unsigned count = 0;

	cm_remarks_init(&remarks);
	cm_arena_init(&arena, 0);
	cr_assert(cm_lex_init(&lexer, &loader, &arena, 0));
	for (cm_lex_next(&lexer, &token); token.kind != CM_TOKEN_END; cm_lex_next(&lexer, &token)) {
		cm_buf_add(out, text + token.at.offset, token.end - token.at.offset);
		cm_buf_byte(out, ' ');
		if (seed == 0 || dice(&seed) % every != 0)
			continue;
		if (dice(&seed) % 2 == 0)
			cm_buf_byte(out, '\n');
		cm_buf_printf(out, "# comment %u\n", count++);
		if (dice(&seed) % 4 == 0)
			cm_buf_text(out, "\n\n");
	}
	cm_arena_fini(&arena);
	cm_remarks_fini(&remarks);
}

static bool is_line_item(const char *line)
{
	return strncmp(line, "fact ", 5) == 0 || strncmp(line, "act ", 4) == 0;
}

void format_bare(const char *text, struct cm_buf *out)
{
	const char *item = "";
	bool after_header = false;

	while (*text != 0) {
		size_t len = strcspn(text, "\n");
		size_t blanks = strspn(text, " ");

		if (blanks < len && text[blanks] != '#') {
			bool begins = blanks == 0 && strncmp(text, "end", 3) != 0;
			bool together = is_line_item(text) && is_line_item(item) && *text == *item;

			if (begins && after_header && !together)
				cm_buf_byte(out, '\n');
			if (begins) {
				item = text;
				after_header = true;
			}
			cm_buf_add(out, text, len);
			cm_buf_byte(out, '\n');
		}
		text += len + (text[len] == '\n');
	}
}
