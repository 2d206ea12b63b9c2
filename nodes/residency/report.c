#include "nodes/residency/report.h"

#include <string.h>

#include "nodes/residency/row.h"

void cm_report_complain(void *data, uint64_t line, const char *column, const char *text)
{
	struct cm_residency_report *report = data;
	size_t at = report->complaints_count;

	report->complaints_total++;
	while (at > 0 && report->complaints[at - 1].line > line)
		at--;
	if (at == CM_MAX_COMPLAINTS)
		return;
	if (report->complaints_count < CM_MAX_COMPLAINTS)
		report->complaints_count++;
	memmove(&report->complaints[at + 1], &report->complaints[at],
	    (report->complaints_count - at - 1) * sizeof report->complaints[0]);
	report->complaints[at] = (struct cm_residency_complaint){.line = line, .column = column};
	(void)snprintf(report->complaints[at].text, sizeof report->complaints[at].text, "%s", text);
}

void cm_report_period(const struct cm_place *place, char out[CM_PERIOD_TEXT_BYTES])
{
	char since[CM_DAY_TEXT_BYTES] = "";
	char until[CM_DAY_TEXT_BYTES] = "";

	if (place->since != CM_SINCE_UNKNOWN)
		cm_day_print((struct cm_day){place->since}, since);
	if (place->until != CM_UNTIL_OPEN)
		cm_day_print((struct cm_day){place->until}, until);
	if (since[0] != 0 && until[0] != 0)
		(void)snprintf(out, CM_PERIOD_TEXT_BYTES, "%s to %s", since, until);
	else if (since[0] != 0)
		(void)snprintf(out, CM_PERIOD_TEXT_BYTES, "since %s", since);
	else if (until[0] != 0)
		(void)snprintf(out, CM_PERIOD_TEXT_BYTES, "until %s", until);
	else
		(void)snprintf(out, CM_PERIOD_TEXT_BYTES, "without dates");
}

void cm_residency_complaint_print(const char *file, const struct cm_residency_complaint *complaint,
    char out[CM_COMPLAINT_TEXT_BYTES])
{
	(void)snprintf(out, CM_COMPLAINT_TEXT_BYTES, "%s:%llu: %s%s%s", file,
	    (unsigned long long)complaint->line, complaint->column,
	    complaint->column[0] != 0 ? ": " : "", complaint->text);
}
