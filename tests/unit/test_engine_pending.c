/*
 * Treaties that are not in force, as shipped: what the rules say on the day their sets get members.
 * The inline tests cannot try that. Here each set gets a later span, and the demand is of that time.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "test_engine_help.h"

#define LAW COMITY_SOURCE_DIR "/jurisdictions/law/"

static const struct {
	const char *set;
	const char *members;
} joined[] = {{"US_EU_EVIDENCE_PARTIES", "FR, US"}, {"US_CA_DATA_PARTIES", "CA, US"},
    {"CETS224_PARTIES", "FR, HU, JP, US"}, {"UNCC_PARTIES", "BR, FR"}};

struct law_text {
	struct cm_buf buf;
	struct cm_law_file file;
};

static void text_read(const char *name, struct law_text *out)
{
	char path[512];
	char room[4096];
	size_t got;
	FILE *file;

	(void)snprintf(path, sizeof path, LAW "%s", name);
	file = fopen(path, "rb");
	cr_assert_not_null(file, "%s", path);
	cm_buf_init(&out->buf, 0);
	while ((got = fread(room, 1, sizeof room, file)) > 0)
		cm_buf_add(&out->buf, room, got);
	(void)fclose(file);
	out->file = (struct cm_law_file){name, cm_buf_str(&out->buf), out->buf.len};
}

/* `from DATE is nobody` becomes `from DATE until 2030-01-01 is nobody from 2030-01-01 is ...`. */
static void text_join(struct law_text *text)
{
	for (size_t i = 0; i < sizeof joined / sizeof *joined; i++) {
		const char *whole = cm_buf_str(&text->buf);
		char head[64];
		const char *set;
		const char *is;
		struct cm_buf grown;

		(void)snprintf(head, sizeof head, "\nset %s", joined[i].set);
		set = strstr(whole, head);
		cr_assert_not_null(set, "%s", joined[i].set);
		is = strstr(set, " is nobody");
		cr_assert_not_null(is, "%s has members already", joined[i].set);
		cr_assert(strstr(set, "\nend") > is, "%s has members already", joined[i].set);
		cm_buf_init(&grown, 0);
		cm_buf_add(&grown, whole, (size_t)(is - whole));
		cm_buf_printf(&grown, " until 2030-01-01 is nobody from 2030-01-01 is %s",
		    joined[i].members);
		cm_buf_text(&grown, is + strlen(" is nobody"));
		cm_buf_fini(&text->buf);
		text->buf = grown;
	}
	text->file.text = cm_buf_str(&text->buf);
	text->file.len = text->buf.len;
}

static struct help_set pending_load(struct law_text texts[3])
{
	struct cm_law_file files[3];
	struct help_set set;

	text_read("vocabulary.law", &texts[0]);
	text_read("treaty/budapest.law", &texts[1]);
	text_read("treaty/pending.law", &texts[2]);
	text_join(&texts[2]);
	for (size_t i = 0; i < 3; i++)
		files[i] = texts[i].file;
	set = help_load_files(files, 3);
	cr_assert_eq(set.status, CM_OK, "%s",
	    set.remarks.count != 0 ? set.remarks.items[0].text : "");
	return set;
}

static void says(struct help_set *set, const char *rule, const char *facts,
    enum cm_rule_state before, enum cm_rule_state after)
{
	char line[256];

	(void)snprintf(line, sizeof line, "%s served_on=2029-12-31", facts);
	cr_expect_eq(help_state(set, rule, line, "2031-01-01"), before, "%s: %s", rule, line);
	(void)snprintf(line, sizeof line, "%s served_on=2030-01-01", facts);
	cr_expect_eq(help_state(set, rule, line, "2031-01-01"), after, "%s: %s", rule, line);
}

Test(pending, the_day_a_treaty_enters_into_force_its_channel_opens)
{
	struct law_text texts[3];
	struct help_set set = pending_load(texts);
	const enum cm_rule_state silent = CM_RULE_SILENT;
	const enum cm_rule_state holds = CM_RULE_HOLDS;
	static const char sub[] = "issuing_state=FR hosting_state=US compulsory=yes channel=direct ";
	char line[256];

	says(&set, "treaty.pending.us_eu.order", "issuing_state=US hosting_state=FR", silent, holds);
	says(&set, "treaty.pending.us_eu.none", "issuing_state=US hosting_state=FR", holds, silent);
	says(&set, "treaty.pending.us_ca.order", "issuing_state=CA hosting_state=US", silent, holds);
	says(&set, "treaty.pending.us_ca.none", "issuing_state=CA hosting_state=US", holds, silent);
	(void)snprintf(line, sizeof line, "%sdata=subscriber", sub);
	says(&set, "treaty.pending.cets224.7", line, silent, holds);
	says(&set, "treaty.pending.cets224.none", line, holds, silent);
	says(&set, "treaty.pending.uncc.35", "issuing_state=BR hosting_state=FR", silent, holds);
	says(&set, "treaty.pending.uncc.none", "issuing_state=BR hosting_state=FR", holds, silent);
	help_free(&set);
	for (size_t i = 0; i < 3; i++)
		cm_buf_fini(&texts[i].buf);
}

Test(pending, each_condition_of_a_dormant_rule_counts)
{
	struct law_text texts[3];
	struct help_set set = pending_load(texts);
	static const struct {
		const char *rule;
		const char *facts;
		enum cm_rule_state state;
	} rows[] = {
	    {"us_eu.order", "issuing_state=US hosting_state=DE", CM_RULE_SILENT},
	    {"us_eu.order", "issuing_state=DE hosting_state=US", CM_RULE_SILENT},
	    {"us_eu.order", "issuing_state=US hosting_state=US", CM_RULE_SILENT},
	    {"us_eu.order", "issuing_state=US", CM_RULE_POSSIBLE},
	    {"us_eu.none", "issuing_state=US hosting_state=DE", CM_RULE_HOLDS},
	    {"us_eu.none", "issuing_state=DE hosting_state=US", CM_RULE_HOLDS},
	    {"us_ca.order", "issuing_state=US hosting_state=BR", CM_RULE_SILENT},
	    {"us_ca.order", "issuing_state=BR hosting_state=CA", CM_RULE_SILENT},
	    {"us_ca.order", "issuing_state=CA hosting_state=CA", CM_RULE_SILENT},
	    {"cets224.7", "issuing_state=FR hosting_state=DE compulsory=yes data=subscriber",
		CM_RULE_SILENT},
	    {"cets224.7", "issuing_state=DE hosting_state=FR compulsory=yes data=subscriber",
		CM_RULE_SILENT},
	    {"cets224.7", "issuing_state=FR hosting_state=FR compulsory=yes data=subscriber",
		CM_RULE_SILENT},
	    {"cets224.7", "issuing_state=FR hosting_state=JP compulsory=yes data=subscriber",
		CM_RULE_SILENT},
	    {"cets224.7", "issuing_state=JP hosting_state=FR compulsory=yes data=subscriber",
		CM_RULE_HOLDS},
	    {"cets224.7", "issuing_state=FR hosting_state=US compulsory=no data=subscriber",
		CM_RULE_SILENT},
	    {"cets224.7", "issuing_state=FR hosting_state=US compulsory=yes data=subscriber,traffic",
		CM_RULE_SILENT},
	    {"cets224.none", "issuing_state=FR hosting_state=JP channel=direct data=subscriber",
		CM_RULE_SILENT},
	    {"cets224.none", "issuing_state=FR hosting_state=DE channel=direct data=subscriber",
		CM_RULE_HOLDS},
	    {"uncc.35", "issuing_state=BR hosting_state=ES", CM_RULE_SILENT},
	    {"uncc.35", "issuing_state=ES hosting_state=BR", CM_RULE_SILENT},
	    {"uncc.35", "issuing_state=BR hosting_state=BR", CM_RULE_SILENT},
	    {"uncc.none", "issuing_state=BR hosting_state=ES", CM_RULE_HOLDS},
	    {"uncc.none", "issuing_state=ES hosting_state=FR", CM_RULE_HOLDS},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char rule[64];
		char line[256];

		(void)snprintf(rule, sizeof rule, "treaty.pending.%s", rows[i].rule);
		(void)snprintf(line, sizeof line, "%s served_on=2030-01-01", rows[i].facts);
		cr_expect_eq(help_state(&set, rule, line, "2031-01-01"), rows[i].state, "%s: %s",
		    rule, line);
	}
	help_free(&set);
	for (size_t i = 0; i < 3; i++)
		cm_buf_fini(&texts[i].buf);
}
