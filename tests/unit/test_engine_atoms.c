#include <criterion/criterion.h>
#include <stdio.h>

#include "test_engine_help.h"

/* Each kind of condition under every state of knowledge: S silent, H holds, P possible. */
struct row {
	const char *condition;
	const char *facts;
	char expected;
};

static const struct row rows[] = {
    {"us_person", "us_person=yes", 'H'},
    {"us_person", "us_person=no", 'S'},
    {"us_person", "us_person=?", 'P'},
    {"us_person", "us_person=??", 'P'},
    {"us_person", "us_person=true", 'H'},
    {"us_person is no", "us_person=false", 'H'},
    {"us_person is no", "us_person=yes", 'S'},
    {"us_person is no", "us_person=?", 'P'},
    {"not us_person", "us_person=?", 'P'},
    {"not us_person", "us_person=yes", 'S'},
    {"not us_person", "us_person=no", 'H'},
    {"us_person is not yes", "us_person=no", 'H'},
    {"material_risk", "material_risk=?", 'P'},
    {"material_risk", "material_risk=yes", 'H'},

    {"instrument is warrant", "instrument=warrant", 'H'},
    {"instrument is warrant", "instrument=subpoena", 'S'},
    {"instrument is warrant", "instrument=warrant,subpoena", 'P'},
    {"instrument is warrant", "instrument=d_order,subpoena", 'S'},
    {"instrument is not warrant", "instrument=d_order,subpoena", 'H'},
    {"instrument is not warrant", "instrument=?", 'P'},
    {"instrument is one of warrant, d_order", "instrument=warrant,d_order", 'H'},
    {"instrument is one of warrant, d_order", "instrument=warrant,subpoena", 'P'},
    {"instrument is one of warrant, d_order", "instrument=subpoena", 'S'},
    {"instrument is none of warrant, d_order", "instrument=subpoena", 'H'},
    {"instrument is none of warrant, d_order", "instrument=warrant,subpoena", 'P'},
    {"instrument is not one of warrant, d_order", "instrument=warrant,d_order", 'S'},
    {"not (instrument is one of warrant, d_order)", "instrument=subpoena", 'H'},

    {"residence is US", "residence=US", 'H'},
    {"residence is US", "residence=IE", 'S'},
    {"residence is US", "residence=US,IE", 'P'},
    {"residence is not US", "residence=?", 'P'},
    {"residence is not US", "residence=IE,DE", 'H'},
    {"residence is one of DE, ZW", "residence=ZW", 'H'},
    {"residence is one of DE, ZW", "residence=AD", 'S'},
    {"residence is in PARTNERS", "residence=GB", 'H'},
    {"residence is in PARTNERS", "residence=FR", 'S'},
    {"residence is in PARTNERS", "residence=FR,GB", 'P'},
    {"residence is not in PARTNERS", "residence=FR", 'H'},
    {"residence is one of PARTNERS, FR", "residence=FR", 'H'},
    {"residence is seat", "residence=FR seat=FR", 'H'},
    {"residence is seat", "residence=FR seat=DE", 'S'},
    {"residence is seat", "residence=FR seat=FR,DE", 'P'},
    {"residence is seat", "residence=US,GB seat=FR,DE", 'S'},
    {"residence is seat", "residence=? seat=?", 'P'},
    {"residence is not seat", "residence=US,GB seat=FR,DE", 'H'},
    {"residence is not seat", "residence=FR seat=FR", 'S'},

    {"data includes content", "data=content,traffic", 'H'},
    {"data includes content", "data=traffic", 'S'},
    {"data includes content", "data=?", 'P'},
    {"data includes content", "data=~content,traffic", 'P'},
    {"data includes content", "data=~traffic", 'S'},
    {"data includes any of content, traffic", "data=traffic", 'H'},
    {"data includes any of content, traffic", "data=subscriber", 'S'},
    {"data includes any of content, traffic", "data=~traffic,subscriber", 'P'},
    {"data includes all of content, traffic", "data=content,traffic,subscriber", 'H'},
    {"data includes all of content, traffic", "data=content", 'S'},
    {"data includes all of content, traffic", "data=?", 'P'},
    {"data includes none of content", "data=traffic", 'H'},
    {"data includes none of content", "data=content", 'S'},
    {"data includes none of content", "data=?", 'P'},
    {"data is only content, traffic", "data=content", 'H'},
    {"data is only content, traffic", "data=content,subscriber", 'S'},
    {"data is only content, traffic", "data=~content,subscriber", 'P'},
    {"data is only content, traffic", "data=~content,traffic", 'H'},
    {"not (data includes all of content, traffic)", "data=content", 'H'},
    {"not (data includes all of content, traffic)", "data=content,traffic", 'S'},
    {"not (data includes all of content, traffic)", "data=?", 'P'},
    {"not (data is only content)", "data=traffic", 'H'},
    {"nationality includes US", "nationality=IE,US", 'H'},
    {"nationality includes US", "nationality=IE", 'S'},
    {"nationality includes US", "nationality=?", 'P'},
    {"nationality includes any of PARTNERS", "nationality=GB,FR", 'H'},
    {"nationality includes all of GB, FR", "nationality=FR", 'S'},
    {"not (nationality includes all of GB, FR)", "nationality=FR", 'H'},
    {"nationality is only FR", "nationality=FR", 'H'},
    {"nationality is only FR", "nationality=FR,ZW", 'S'},
    {"nationality includes none of US", "nationality=~US,FR", 'P'},

    {"secrecy_days at least 365 days", "secrecy_days=365", 'H'},
    {"secrecy_days at least 365 days", "secrecy_days=364", 'S'},
    {"secrecy_days at least 365 days", "secrecy_days=?", 'P'},
    {"secrecy_days at least 365 days", "secrecy_days=300,400", 'P'},
    {"secrecy_days at least 365 days", "secrecy_days=300,365", 'P'},
    {"secrecy_days at least 365 days", "secrecy_days=400,500", 'H'},
    {"secrecy_days at most 365 days", "secrecy_days=365", 'H'},
    {"secrecy_days at most 365 days", "secrecy_days=366", 'S'},
    {"secrecy_days more than 365 days", "secrecy_days=365", 'S'},
    {"secrecy_days more than 365 days", "secrecy_days=366", 'H'},
    {"secrecy_days less than 365 days", "secrecy_days=364", 'H'},
    {"secrecy_days less than 365 days", "secrecy_days=365", 'S'},
    {"secrecy_days is 30 days", "secrecy_days=30", 'H'},
    {"secrecy_days is 30 days", "secrecy_days=31", 'S'},
    {"secrecy_days is 30 days", "secrecy_days=20,40", 'P'},
    {"secrecy_days is not 30 days", "secrecy_days=31,40", 'H'},
    {"secrecy_days is not 30 days", "secrecy_days=30", 'S'},
    {"not (secrecy_days at least 5 days)", "secrecy_days=4", 'H'},

    {"issued_on before 2020-01-01", "issued_on=2019-12-31", 'H'},
    {"issued_on before 2020-01-01", "issued_on=2020-01-01", 'S'},
    {"issued_on before 2020-01-01", "issued_on=?", 'P'},
    {"issued_on on or after 2020-01-01", "issued_on=2020-01-01", 'H'},
    {"issued_on on or after 2020-01-01", "issued_on=2019-12-31,2020-01-02", 'P'},
    {"issued_on is 2020-01-01", "issued_on=2020-01-01", 'H'},
    {"issued_on before served_on minus 30 days", "issued_on=2026-10-07", 'H'},
    {"issued_on before served_on minus 30 days", "issued_on=2026-10-08", 'S'},
    {"issued_on on or after served_on plus 2 days", "issued_on=2026-11-09", 'H'},
    {"issued_on on or after served_on plus 2 days", "issued_on=2026-11-08", 'S'},
    {"issued_on on or after served_on", "issued_on=2026-11-06,2026-11-08", 'P'},

    {"residence cannot be determined", "residence=??", 'H'},
    {"residence cannot be determined", "residence=?", 'S'},
    {"residence cannot be determined", "residence=US", 'S'},
    {"not (residence cannot be determined)", "residence=?", 'H'},

    {"at least 2 of (us_person; emergency; gag)", "us_person=yes emergency=yes gag=?", 'H'},
    {"at least 2 of (us_person; emergency; gag)", "us_person=yes emergency=no gag=?", 'P'},
    {"at least 2 of (us_person; emergency; gag)", "us_person=no emergency=no gag=?", 'S'},
    {"not (at least 2 of (us_person; emergency; gag))", "us_person=no emergency=no gag=?", 'H'},
    {"not (at least 2 of (us_person; emergency; gag))", "us_person=yes emergency=yes gag=?", 'S'},
    {"not (at least 2 of (us_person; emergency; gag))", "us_person=yes emergency=? gag=?", 'P'},
    {"at least 1 of (at least 2 of (us_person; gag); emergency)",
	"us_person=yes gag=yes emergency=no", 'H'},
    {"at least 1 of (at least 2 of (us_person; gag); emergency)",
	"us_person=yes gag=no emergency=no", 'S'},

    {"us_person and emergency", "us_person=no emergency=?", 'S'},
    {"us_person and emergency", "us_person=yes emergency=?", 'P'},
    {"us_person or emergency", "us_person=yes emergency=?", 'H'},
    {"us_person or emergency", "us_person=no emergency=?", 'P'},
    {"not (us_person or emergency)", "us_person=yes emergency=?", 'S'},
    {"not (us_person and emergency)", "us_person=no emergency=?", 'H'},
    {"us_person or not us_person", "us_person=?", 'P'},

    {"grave", "offence_months=60", 'H'},
    {"grave", "offence_months=?", 'P'},
    {"grave is no", "offence_months=60", 'S'},
    {"not grave", "offence_months=12", 'H'},
    {"grave is not yes", "offence_months=12", 'H'},
};

static const char *const extra = "set PARTNERS \"s\" cite \"c\" from 2020-01-01 is GB, AU end\n"
				 "term grave \"t\" cite \"c\" in force from 2000-01-01 means "
				 "offence_months at least 36 months end\n";

Test(atoms, every_kind_of_condition_answers_yes_no_and_open)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[1024];
		char facts[256];
		struct help_set set;
		enum cm_rule_state state;
		static const char letters[] = "SHPD";

		(void)snprintf(text, sizeof text,
		    "%srule us.a" RULE_HEAD
		    "in force from 2018-01-01 applies when %s effect requires quash end\n",
		    extra, rows[i].condition);
		(void)snprintf(facts, sizeof facts, "served_on=2026-11-07 %s", rows[i].facts);
		set = help_load(text);
		state = help_state(&set, "us.a", facts, "2026-11-07");
		cr_expect_eq(letters[state], rows[i].expected, "%s with %s: %c", rows[i].condition,
		    rows[i].facts, letters[state]);
		help_free(&set);
	}
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(atoms, a_name_may_be_a_word_of_the_grammar)
{
	struct cm_law_file file = {"a.law",
	    "law language 1 jurisdiction US \"x\" fact not_in is one of none, one, any \"t\" fact "
	    "rule is yes-or-no \"t\"\n"
	    "act end \"t\" rule us.x title \"t\" source case cite \"c\" in force from 2000-01-01 "
	    "applies when not_in is none\n"
	    "and rule effect permits end reviewed by nobody end",
	    0};
	struct help_set set;

	file.len = strlen(file.text);
	set = help_load_files(&file, 1);
	cr_assert_eq(set.status, CM_OK, "%s", set.remarks.count ? set.remarks.items[0].text : "");
	cr_assert_eq(help_state(&set, "us.x", "not_in=none rule=yes", "2026-01-01"), CM_RULE_HOLDS);
	cr_assert_eq(help_state(&set, "us.x", "not_in=any rule=yes", "2026-01-01"), CM_RULE_SILENT);
	help_free(&set);
}
