#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "jurisdictions/engine/deadline.h"
#include "law_shelf.h"
#include "protocol/clocks/clocks.h"
#include "protocol/clocks/zone_files.h"

/*
 * Real terms on real dates, a row each: the law they are of, the court's zone, the day and the
 * moment they end. The ends were computed apart from this code, from the calendars and the tz
 * database, and read through. Where the law files have the rule, its deadline must be the row's.
 * Only terms with a calendar in calendars.law roll; a row without one says so with NO_ROLL.
 */

#define NO_ROLL NULL /* no calendar for this term: it ends on the day it ends */

struct row {
	const char *state;
	const char *source;
	const char *rule;     /* in the law files, or "" */
	const char *zone;
	const char *calendar; /* or NO_ROLL */
	uint32_t count;
	enum cm_unit unit;
	bool before;
	const char *from; /* a day, or a time by the court's clock */
	const char *day;  /* on which it ends, there */
	const char *rolled_from;
	const char *end;  /* the first moment after it, UTC */
	const char *why;
};

static const struct row rows[] = {
    {"US", "18 USC 2703(h)(2)(A); Fed. R. Crim. P. 45(a)(1)(C)",
	"us.sca.2703h2", "America/New_York", "us_federal",
	14, CM_UNIT_DAYS, false, "2026-11-07", "2026-11-23", "2026-11-21", "2026-11-24T05:00",
	"served on a Saturday"},
    {"US", "18 USC 2703(h)(2)(A); Fed. R. Crim. P. 45(a)(1)(C)",
	"us.sca.2703h2", "America/Los_Angeles", "us_federal",
	14, CM_UNIT_DAYS, false, "2026-11-07", "2026-11-23", "2026-11-21", "2026-11-24T08:00",
	"the same before a court three hours behind"},
    {"US", "18 USC 2703(h)(2)(A); Fed. R. Crim. P. 45(a)(1)(C)",
	"us.sca.2703h2", "America/New_York", "us_federal",
	14, CM_UNIT_DAYS, false, "2026-12-11", "2026-12-28", "2026-12-25", "2026-12-29T05:00",
	"ends on Christmas Day, a Friday"},
    {"US", "18 USC 2703(h)(2)(A); Fed. R. Crim. P. 45(a)(1)(C)",
	"us.sca.2703h2", "America/New_York", "us_federal",
	14, CM_UNIT_DAYS, false, "2026-11-12", "2026-11-27", "2026-11-26", "2026-11-28T05:00",
	"ends on Thanksgiving Day"},
    {"US", "18 USC 2703(f)(2)", "us.sca.2703f", "America/New_York", NO_ROLL,
	90, CM_UNIT_DAYS, false, "2026-12-05", "2027-03-05", "", "2027-03-06T05:00",
	"over the change of year"},
    {"US", "18 USC 2704", "us.sca.2704", "America/New_York", "us_federal",
	2, CM_UNIT_BUSINESS_DAYS, false, "2026-11-25", "2026-11-30", "", "2026-12-01T05:00",
	"business days over Thanksgiving and a weekend"},
    {"US", "18 USC 3511(b)", "", "America/New_York", NO_ROLL,
	30, CM_UNIT_DAYS, false, "2026-02-13", "2026-03-15", "", "2026-03-16T04:00",
	"begins in winter time, ends in summer time"},
    {"US", "18 USC 3125", "", "America/New_York", NO_ROLL,
	48, CM_UNIT_HOURS, false, "2026-03-07T20:00", "2026-03-09", "", "2026-03-10T01:00",
	"two days of which one has 23 hours"},
    {"US", "18 USC 2518(7)", "", "America/New_York", NO_ROLL,
	48, CM_UNIT_HOURS, false, "2026-10-31T20:00", "2026-11-02", "", "2026-11-03T00:00",
	"two days of which one has 25 hours"},
    {"GB", "COPOA 2019 s. 5(5)", "gb.copoa", "Europe/London", NO_ROLL,
	7, CM_UNIT_DAYS, false, "2026-12-21", "2026-12-28", "", "2026-12-29T00:00",
	"ends on a bank holiday"},
    {"GB", "PACE 1984 sch. 1 para. 4", "gb.pace", "Europe/London", NO_ROLL,
	7, CM_UNIT_DAYS, false, "2026-03-25", "2026-04-01", "", "2026-04-01T23:00",
	"over the change to summer time"},
    {"GB", "COPOA 2019 s. 9", "", "Europe/London", NO_ROLL,
	3, CM_UNIT_MONTHS, false, "2026-11-30", "2027-02-28", "", "2027-03-01T00:00",
	"three months from the last of November"},
    {"GB", "Investigatory Powers Act 2016 s. 257", "gb.ipa.257", "Europe/London", NO_ROLL,
	28, CM_UNIT_DAYS, false, "2026-02-03", "2026-03-03", "", "2026-03-04T00:00",
	"four weeks of a February of 28 days"},
    {"GB", "Investigatory Powers Act 2016 s. 255(5A)-(5B)",
	"gb.ipa.255.lapse", "Europe/London", NO_ROLL,
	24, CM_UNIT_MONTHS, false, "2028-02-29", "2030-02-28", "", "2030-03-01T00:00",
	"two years from a leap day"},
    {"GB", "Terrorism Act 2000 sch. 5 para. 5", "gb.tact.5", "Europe/London", NO_ROLL,
	7, CM_UNIT_DAYS, false, "2026-10-21", "2026-10-28", "", "2026-10-29T00:00",
	"over the end of summer time"},
    {"IE", "Criminal Justice (Miscellaneous Provisions) Act 1997 s. 10",
	"ie.cjmp97.10", "Europe/Dublin", NO_ROLL,
	7, CM_UNIT_DAYS, false, "2027-02-24", "2027-03-03", "", "2027-03-04T00:00",
	"over a February of 28 days"},
    {"DE", "StPO § 98(1)-(2)", "de.stpo.98", "Europe/Berlin", NO_ROLL,
	3, CM_UNIT_DAYS, false, "2026-03-27", "2026-03-30", "", "2026-03-30T22:00",
	"over the beginning of summer time"},
    {"EU", "Reg. 2023/1543 art. 10(3)", "eu.eev.10_3", "Europe/Dublin", NO_ROLL,
	10, CM_UNIT_DAYS, false, "2026-10-16", "2026-10-26", "", "2026-10-27T00:00",
	"ends on a bank holiday"},
    {"IE", "Reg. 2023/1543 art. 10(3); Reg. 1182/71 art. 3(4)",
	"eu.eev.10_3", "Europe/Dublin", "ie_public",
	10, CM_UNIT_DAYS, false, "2026-10-16", "2026-10-27", "2026-10-26", "2026-10-28T00:00",
	"the same counted with the holidays of Ireland"},
    {"EU", "Reg. 2023/1543 art. 10(4)", "eu.eev.10_4", "Europe/Dublin", NO_ROLL,
	8, CM_UNIT_HOURS, false, "2026-10-24T22:30", "2026-10-25", "", "2026-10-25T05:30",
	"over the end of summer time"},
    {"EU", "Reg. 2023/1543 art. 10(4)", "eu.eev.10_4", "Europe/Berlin", NO_ROLL,
	8, CM_UNIT_HOURS, false, "2027-03-27T23:00", "2027-03-28", "", "2027-03-28T06:00",
	"over the beginning of summer time"},
    {"EU", "Reg. 2023/1543 art. 10(4)", "eu.eev.10_4", "Europe/Berlin", NO_ROLL,
	8, CM_UNIT_HOURS, false, "2026-10-25T02:30", "2026-10-25", "", "2026-10-25T08:30",
	"from an hour that came twice: the first"},
    {"EU", "Reg. 2023/1543 art. 10(4)", "eu.eev.10_4", "Europe/Berlin", NO_ROLL,
	8, CM_UNIT_HOURS, false, "2027-03-28T02:30", "2027-03-28", "", "2027-03-28T09:00",
	"from a time that never came: the jump"},
    {"EU", "Reg. 2023/1543 art. 11(1)", "eu.eev.11", "Europe/Paris", NO_ROLL,
	60, CM_UNIT_DAYS, false, "2026-09-15", "2026-11-14", "", "2026-11-14T23:00",
	"ends on a Saturday"},
    {"EU", "Reg. 2023/1543 art. 17(2)", "eu.eev.17", "Europe/Rome", NO_ROLL,
	10, CM_UNIT_DAYS, false, "2026-11-18", "2026-11-28", "", "2026-11-28T23:00",
	"ends on a Saturday"},
    {"EU", "Reg. 2023/1543 arts 10(4), 12(1)", "eu.eev.12", "Europe/Madrid", NO_ROLL,
	96, CM_UNIT_HOURS, false, "2026-10-23T10:00", "2026-10-27", "", "2026-10-27T08:00",
	"over the end of summer time"},
    {"EU", "Reg. 2023/1543 art. 4(5)", "eu.eev.4_5", "Europe/Warsaw", NO_ROLL,
	48, CM_UNIT_HOURS, false, "2026-03-28T12:00", "2026-03-30", "", "2026-03-30T11:00",
	"over the beginning of summer time"},
    {"IE", "Reg. 2023/1543 art. 16(2)", "", "Europe/Dublin", "ie_public",
	5, CM_UNIT_BUSINESS_DAYS, false, "2026-12-22", "2026-12-30", "", "2026-12-31T00:00",
	"working days over Christmas"},
    {"EU", "Reg. 2271/96 art. 2", "eu.block.2", "Europe/Brussels", NO_ROLL,
	30, CM_UNIT_DAYS, false, "2026-11-01", "2026-12-01", "", "2026-12-01T23:00",
	"a November of 30 days"},
    {"EU", "Directive 2014/41 art. 12", "", "Europe/Lisbon", NO_ROLL,
	30, CM_UNIT_DAYS, false, "2026-12-31", "2027-01-30", "", "2027-01-31T00:00",
	"over the change of year"},
    {"EU", "Directive 2014/41 art. 32", "", "Europe/Vilnius", NO_ROLL,
	24, CM_UNIT_HOURS, false, "2026-10-24T20:00", "2026-10-25", "", "2026-10-25T17:00",
	"a day of 25 hours"},
    {"DE", "StPO § 100e", "", "Europe/Berlin", "de_common",
	3, CM_UNIT_BUSINESS_DAYS, false, "2026-12-23", "2026-12-29", "", "2026-12-29T23:00",
	"working days over Christmas"},
    {"DE", "StPO § 95a", "", "Europe/Berlin", NO_ROLL,
	6, CM_UNIT_MONTHS, false, "2026-08-31", "2027-02-28", "", "2027-02-28T23:00",
	"six months to a shorter month"},
    {"FR", "Law 68-678 art. 2", "fr.block.2.opinion", "Europe/Paris", NO_ROLL,
	1, CM_UNIT_MONTHS, false, "2026-01-31", "2026-02-28", "", "2026-02-28T23:00",
	"a month to a shorter month"},
    {"FR", "CPP art. 60-2", "fr.cpp.60_2", "Europe/Paris", NO_ROLL,
	12, CM_UNIT_MONTHS, false, "2028-02-29", "2029-02-28", "", "2029-02-28T23:00",
	"a year from a leap day"},
    {"NL", "Sv art. 126ni", "nl.sv.126ni", "Europe/Amsterdam", NO_ROLL,
	90, CM_UNIT_DAYS, false, "2027-01-27", "2027-04-27", "", "2027-04-27T22:00",
	"ends on the King's birthday"},
    {"BE", "CIC art. 39ter", "be.cic.39ter", "Europe/Brussels", NO_ROLL,
	90, CM_UNIT_DAYS, false, "2026-08-12", "2026-11-10", "", "2026-11-10T23:00",
	"over the end of summer time"},
    {"DK", "Retsplejeloven § 786 a", "dk.rpl.786a", "Europe/Copenhagen", NO_ROLL,
	90, CM_UNIT_DAYS, false, "2026-10-02", "2026-12-31", "", "2026-12-31T23:00",
	"ends with the year"},
    {"DK", "Retsplejeloven § 806", "", "Europe/Copenhagen", NO_ROLL,
	24, CM_UNIT_HOURS, false, "2026-10-24T18:00", "2026-10-25", "", "2026-10-25T16:00",
	"a day of 25 hours"},
    {"ES", "LECrim art. 588 octies", "es.lecrim.588octies", "Europe/Madrid", NO_ROLL,
	90, CM_UNIT_DAYS, false, "2026-12-01", "2027-03-01", "", "2027-03-01T23:00",
	"over a February of 28 days"},
    {"ES", "LECrim art. 588 sexies", "", "Atlantic/Canary", NO_ROLL,
	24, CM_UNIT_HOURS, false, "2026-11-07T12:00", "2026-11-08", "", "2026-11-08T12:00",
	"a court an hour behind the mainland"},
    {"SE", "RB 27:16", "se.rb.27_16", "Europe/Stockholm", NO_ROLL,
	90, CM_UNIT_DAYS, false, "2026-12-03", "2027-03-03", "", "2027-03-03T23:00",
	"from the day of issue"},
    {"IT", "D.Lgs. 196/2003 art. 132(4-ter)", "it.dpc.132_4ter", "Europe/Rome", NO_ROLL,
	90, CM_UNIT_DAYS, false, "2026-07-04", "2026-10-02", "", "2026-10-02T22:00",
	"from a Saturday"},
    {"IT", "D.Lgs. 196/2003 art. 132(3-bis)", "", "Europe/Rome", NO_ROLL,
	48, CM_UNIT_HOURS, false, "2026-03-28T09:00", "2026-03-30", "", "2026-03-30T08:00",
	"two days of which one has 23 hours"},
    {"PL", "k.p.k. art. 218a", "pl.kpk.218a", "Europe/Warsaw", NO_ROLL,
	90, CM_UNIT_DAYS, false, "2026-11-12", "2027-02-10", "", "2027-02-10T23:00",
	"over the change of year"},
    {"PL", "k.p.k. arts 217 § 4, 123 § 3", "", "Europe/Warsaw", "pl_public",
	7, CM_UNIT_DAYS, false, "2026-12-18", "2026-12-28", "2026-12-25", "2026-12-28T23:00",
	"ends on Christmas Day"},
    {"LU", "CPP art. 48-25", "lu.cpp.48_25", "Europe/Luxembourg", NO_ROLL,
	90, CM_UNIT_DAYS, false, "2026-11-30", "2027-02-28", "", "2027-02-28T23:00",
	"ends with February"},
    {"FI", "Coercive Measures Act ch. 8 s. 24", "fi.pkl.8_24", "Europe/Helsinki", NO_ROLL,
	3, CM_UNIT_MONTHS, false, "2026-11-30", "2027-02-28", "", "2027-02-28T22:00",
	"three months from the last of November"},
    {"CA", "Criminal Code s. 487.0193(2)", "ca.cc.487.0193", "America/Toronto", NO_ROLL,
	30, CM_UNIT_DAYS, false, "2026-12-01", "2026-12-31", "", "2027-01-01T05:00",
	"from the day the order was made"},
    {"CA", "Criminal Code s. 487.0193(2); Interpretation Act s. 26",
	"ca.cc.487.0193", "America/Toronto", "ca_federal",
	30, CM_UNIT_DAYS, false, "2026-11-25", "2026-12-26", "2026-12-25", "2026-12-27T05:00",
	"ends on Christmas Day; a Saturday is no holiday"},
    {"CA", "Criminal Code s. 487.012", "ca.cc.487.012", "America/Vancouver", NO_ROLL,
	21, CM_UNIT_DAYS, false, "2026-10-17", "2026-11-07", "", "2026-11-08T08:00",
	"over the end of summer time"},
    {"CA", "Criminal Code s. 487.013", "ca.cc.487.013", "America/St_Johns", NO_ROLL,
	90, CM_UNIT_DAYS, false, "2026-08-09", "2026-11-07", "", "2026-11-08T03:30",
	"a clock half an hour off"},
    {"CA", "Criminal Code s. 487.01921; Interpretation Act s. 26",
	"", "America/Toronto", "ca_federal",
	3, CM_UNIT_DAYS, true, "2026-10-14", "2026-10-10", "2026-10-11", "2026-10-11T04:00",
	"notice before a hearing: rolls back"},
    {"CH", "IRSG art. 80k, final decision", "ch.irsg.80k", "Europe/Zurich", NO_ROLL,
	30, CM_UNIT_DAYS, false, "2026-10-12", "2026-11-11", "", "2026-11-11T23:00",
	"over the end of summer time"},
    {"CH", "IRSG art. 80k, interim decision", "", "Europe/Zurich", NO_ROLL,
	10, CM_UNIT_DAYS, false, "2026-11-11", "2026-11-21", "", "2026-11-21T23:00",
	"ends on a Saturday"},
    {"CH", "StPO arts 90(2), 396", "ch.stpo.393", "Europe/Zurich", "ch_federal",
	10, CM_UNIT_DAYS, false, "2026-07-22", "2026-08-03", "2026-08-01", "2026-08-03T22:00",
	"ends on 1 August, a Saturday"},
    {"CH", "StPO arts 90(2), 248", "ch.stpo.248", "Europe/Zurich", "ch_federal",
	3, CM_UNIT_DAYS, false, "2026-11-18", "2026-11-23", "2026-11-21", "2026-11-23T23:00",
	"ends on a Saturday"},
    {"NO", "strpl. § 208a", "", "Europe/Oslo", NO_ROLL,
	56, CM_UNIT_DAYS, false, "2026-09-28", "2026-11-23", "", "2026-11-23T23:00",
	"eight weeks"},
    {"NO", "strpl. § 215a", "no.stpl.215a", "Europe/Oslo", NO_ROLL,
	90, CM_UNIT_DAYS, false, "2026-10-01", "2026-12-30", "", "2026-12-30T23:00",
	"at most ninety days"},
    {"NO", "strpl. § 215a, foreign request", "no.stpl.215a.foreign", "Europe/Oslo", NO_ROLL,
	60, CM_UNIT_DAYS, false, "2026-10-01", "2026-11-30", "", "2026-11-30T23:00",
	"at least sixty days"},
    {"NO", "strpl. § 216d", "", "Europe/Oslo", NO_ROLL,
	24, CM_UNIT_HOURS, false, "2026-10-24T20:00", "2026-10-25", "", "2026-10-25T18:00",
	"a day of 25 hours"},
    {"IN", "Intermediary Rules 2021 r. 3(1)(j)", "in.ir.3_1_j", "Asia/Kolkata", NO_ROLL,
	72, CM_UNIT_HOURS, false, "2026-11-07T10:15", "2026-11-10", "", "2026-11-10T04:45",
	"three days, five hours and a half ahead"},
    {"IN", "CERT-In directions of 2022", "", "Asia/Kolkata", NO_ROLL,
	6, CM_UNIT_HOURS, false, "2026-11-07T22:00", "2026-11-08", "", "2026-11-07T22:30",
	"over midnight"},
    {"JP", "CCP art. 197(3)", "jp.ccp.197_3", "Asia/Tokyo", NO_ROLL,
	30, CM_UNIT_DAYS, false, "2026-01-31", "2026-03-02", "", "2026-03-02T15:00",
	"over a February of 28 days"},
    {"KR", "Telecommunications Business Act art. 83-2", "kr.tba.83_2", "Asia/Seoul", NO_ROLL,
	30, CM_UNIT_DAYS, false, "2026-12-15", "2027-01-14", "", "2027-01-14T15:00",
	"over the change of year"},
    {"BR", "CPP art. 13-A", "br.cpp.13a", "America/Sao_Paulo", NO_ROLL,
	24, CM_UNIT_HOURS, false, "2026-11-07T18:45", "2026-11-08", "", "2026-11-08T21:45",
	"a day of 24 hours"},
    {"BR", "CPP art. 13-A", "br.cpp.13a", "America/Sao_Paulo", NO_ROLL,
	24, CM_UNIT_HOURS, false, "2018-11-03T18:00", "2018-11-04", "", "2018-11-04T21:00",
	"a day of 23 hours without a midnight"},
    {"BR", "Law 12.965/2014 art. 13", "", "America/Sao_Paulo", NO_ROLL,
	60, CM_UNIT_DAYS, false, "2026-12-31", "2027-03-01", "", "2027-03-02T03:00",
	"sixty days for the order"},
    {"MX", "CNPP art. 303", "", "America/Mexico_City", NO_ROLL,
	48, CM_UNIT_HOURS, false, "2026-11-06T09:00", "2026-11-08", "", "2026-11-08T15:00",
	"no summer time since 2022"},
    {"MX", "CNPP art. 303", "", "America/Tijuana", NO_ROLL,
	48, CM_UNIT_HOURS, false, "2026-10-31T09:00", "2026-11-02", "", "2026-11-02T16:00",
	"but at the northern border"},
    {"IL", "Communications Data Law 2007 s. 3", "il.cdl.3", "Asia/Jerusalem", NO_ROLL,
	30, CM_UNIT_DAYS, false, "2026-09-26", "2026-10-26", "", "2026-10-26T22:00",
	"over the end of summer time"},
    {"IL", "Communications Data Law 2007 s. 4", "", "Asia/Jerusalem", NO_ROLL,
	24, CM_UNIT_HOURS, false, "2026-03-26T20:00", "2026-03-27", "", "2026-03-27T18:00",
	"over the beginning of summer time"},
    {"AU", "TIA Act 1979 s. 107H", "au.tia.107h", "Australia/Sydney", NO_ROLL,
	90, CM_UNIT_DAYS, false, "2026-09-01", "2026-11-30", "", "2026-11-30T13:00",
	"over the beginning of summer time"},
    {"AU", "TIA Act 1979 s. 107N", "au.tia.107n", "Australia/Perth", NO_ROLL,
	180, CM_UNIT_DAYS, false, "2026-05-31", "2026-11-27", "", "2026-11-27T16:00",
	"half a year"},
    {"AU", "Telecommunications Act 1997 s. 317W; Acts Interpretation Act 1901 s. 36(2)",
	"", "Australia/Sydney", "au_common",
	28, CM_UNIT_DAYS, false, "2025-12-28", "2026-01-27", "2026-01-25", "2026-01-27T13:00",
	"ends the day before Australia Day, a Sunday"},
    {"NZ", "Search and Surveillance Act 2012, preservation direction",
	"nz.ssa.pd", "Pacific/Auckland", NO_ROLL,
	20, CM_UNIT_DAYS, false, "2026-09-10", "2026-09-30", "", "2026-09-30T11:00",
	"over the beginning of summer time"},
    {"SG", "Mutual Assistance in Criminal Matters Act 2000 s. 22",
	"", "Asia/Singapore", NO_ROLL,
	7, CM_UNIT_DAYS, false, "2026-02-25", "2026-03-04", "", "2026-03-04T16:00",
	"over a February of 28 days"},
    {"CN", "MOFCOM Order 1/2021", "cn.block.report", "Asia/Shanghai", NO_ROLL,
	30, CM_UNIT_DAYS, false, "2026-01-30", "2026-03-01", "", "2026-03-01T16:00",
	"over a February of 28 days"},
    {"Budapest", "Convention on Cybercrime art. 16",
	"treaty.budapest.16", "Europe/Bucharest", NO_ROLL,
	90, CM_UNIT_DAYS, false, "2026-10-20", "2027-01-18", "", "2027-01-18T22:00",
	"over the end of summer time"},
    {"Budapest", "Convention on Cybercrime art. 29",
	"treaty.budapest.29", "Europe/Chisinau", NO_ROLL,
	60, CM_UNIT_DAYS, false, "2026-10-20", "2026-12-19", "", "2026-12-19T22:00",
	"over the end of summer time"},
};

#define ROWS (sizeof rows / sizeof rows[0])

static struct cm_zones zones;
static struct cm_law *law;
static struct cm_err err;

static void init(void)
{
	static struct law_shelf shelf;
	struct cm_remarks remarks;

	law_shelf_init(&shelf);
	law_shelf_add(&shelf, "jurisdictions/law", "*.law");
	law_shelf_add(&shelf, "jurisdictions/law/treaty", "*.law");
	cm_remarks_init(&remarks);
	cr_assert_eq(cm_law_load(shelf.files, shelf.count, &remarks, &law), CM_OK);
	cm_remarks_fini(&remarks);
	law_shelf_fini(&shelf);
	cm_zones_init(&zones);
	cr_assert_eq(cm_zone_files_read(&zones, CM_ZONES_FOLDER, &err), CM_OK, "%s", err.text);
}

static void end(void)
{
	cm_law_free(law);
	cm_zones_fini(&zones);
	cr_assert_eq(cm_alloc_live(), 0);
}

TestSuite(law, .init = init);

static struct cm_day day_of(const char *text)
{
	struct cm_day day = {0};

	cr_assert(cm_day_parse(text, 10, &day), "%s", text);
	return day;
}

static struct cm_from from_of(const char *text)
{
	struct cm_from from = {.form = CM_FROM_DAY, .day = day_of(text)};
	int hour;
	int minute;

	if (text[10] == 0)
		return from;
	cr_assert_eq(sscanf(text + 10, "T%d:%d", &hour, &minute), 2, "%s", text);
	from.form = CM_FROM_TIME;
	from.second = hour * 3600 + minute * 60;
	return from;
}

static const struct cm_calendar_def *calendar_of(const char *name)
{
	int found = name == NO_ROLL ? -1 : cm_law_find_calendar(law, name);

	cr_assert(name == NO_ROLL || found >= 0, "%s", name);
	return found < 0 ? NULL : law->calendars[found];
}

/* The one clock of a case that was told at once. */
static const struct cm_clock *start(struct cm_clocks *clocks, const struct row *row,
    const struct cm_rest *rest, struct cm_clock_effects *effects)
{
	struct cm_clock_start what = {.what = "term",
	    .rule = row->rule,
	    .zone_name = row->zone,
	    .zone = cm_zones_find(&zones, row->zone),
	    .count = {row->unit, row->count, row->before, rest},
	    .from = from_of(row->from)};
	struct cm_clock_input input = {.event = CM_CLOCK_START, .start = &what};

	cr_assert_not_null(what.zone, "%s", row->zone);
	input.now = cm_from_moment(&what.from, what.zone);
	if (row->before)
		input.now.ms -= INT64_C(30) * 86400000;
	cm_clocks_init(clocks);
	cr_assert_eq(cm_clocks_step(clocks, &input, effects, &err), CM_OK, "%s", err.text);
	return clocks->items[0];
}

static void is_row(const struct row *row)
{
	const struct cm_calendar_def *calendar = calendar_of(row->calendar);
	struct cm_rest rest = {0};
	struct cm_clocks clocks;
	struct cm_clock_effects effects;
	const struct cm_clock *c;
	char text[CM_WALL_TEXT_BYTES];

	if (calendar != NULL)
		rest = cm_calendar_rest(calendar);
	c = start(&clocks, row, calendar != NULL ? &rest : NULL, &effects);
	cr_expect_eq(c->end.day.number, day_of(row->day).number, "%s %s: %s", row->state, row->source,
	    row->why);
	cr_expect_eq(c->end.rolled, row->rolled_from[0] != 0, "%s %s", row->state, row->source);
	if (c->end.rolled)
		cr_expect_eq(c->end.rolled_from.number, day_of(row->rolled_from).number, "%s %s",
		    row->state, row->source);
	cm_wall_print(c->end.at, text);
	cr_expect_eq(strncmp(text, row->end, strlen(row->end)), 0, "%s %s from %s (%s): ends %s, not %s",
	    row->state, row->source, row->from, row->why, text, row->end);
	cr_expect_str_eq(text + strlen(row->end), ":00.000Z");
	cr_expect_eq(effects.count, 1);
	cr_expect_eq(effects.items[0].kind, CM_CLOCK_ARM);
	cm_clocks_fini(&clocks);
}

Test(law, every_row_ends_when_it_says)
{
	const char *states[ROWS];
	size_t states_count = 0;

	for (size_t i = 0; i < ROWS; i++) {
		size_t at = 0;

		is_row(&rows[i]);
		while (at < states_count && strcmp(states[at], rows[i].state) != 0)
			at++;
		if (at == states_count)
			states[states_count++] = rows[i].state;
	}
	cr_expect_geq(ROWS, 40);
	cr_expect_geq(states_count, 20);
	end();
}

/* The engine's deadline of the rule is the row's term, and counts the same day. */
Test(law, every_row_with_a_rule_has_its_deadline)
{
	size_t tied = 0;

	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		struct cm_deadline deadline = {
		    .count = row->count, .unit = row->unit, .before = row->before};
		size_t last = 0;
		int first = row->rule[0] == 0 ? -1 : cm_law_rules_of(law, row->rule, &last);
		bool found = false;

		deadline.on = calendar_of(row->calendar);
		if (row->unit != CM_UNIT_HOURS)
			cr_expect_eq(cm_deadline_count(&deadline, day_of(row->from)).day.number,
			    day_of(row->day).number, "%s", row->source);
		if (row->rule[0] == 0)
			continue;
		cr_assert_geq(first, 0, "no rule %s", row->rule);
		for (size_t r = (size_t)first; r < last; r++) {
			const struct cm_deadline *of = law->rules[r].def->deadline;

			found = found || (of != NULL && of->count == row->count && of->unit == row->unit &&
						 of->before == row->before &&
						 (of->on == NULL || of->on == deadline.on));
		}
		cr_expect(found, "the deadline of %s is another", row->rule);
		tied++;
	}
	cr_expect_geq(tied, 45);
	end();
}

Test(law, the_sentence_of_a_clock)
{
	struct cm_rest rest = cm_calendar_rest(calendar_of("us_federal"));
	struct cm_clocks clocks;
	struct cm_clock_effects effects;
	struct cm_buf out;

	cm_buf_init(&out, 0);
	cm_clock_print(start(&clocks, &rows[0], &rest, &effects), &out);
	cr_expect_str_eq(cm_buf_str(&out),
	    "term (us.sca.2703h2): 14 days, to the end of Monday 2026-11-23 in America/New_York, "
	    "rolled from Saturday 2026-11-21: running");
	cm_buf_fini(&out);
	cm_clocks_fini(&clocks);
	end();
}
