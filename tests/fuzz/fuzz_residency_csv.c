/* A residency file from outside: split into rows, checked field by field. Nothing is stored. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "nodes/residency/row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_complaint(void *data, uint64_t line, const char *column, const char *text)
{
	(void)data;
	if (line == 0 || column == NULL || text[0] == 0)
		__builtin_trap();
}

static void read_all(struct cm_csv *csv)
{
	static const struct cm_blind_key key = {.bytes = {1}};
	struct cm_residency_row row;
	struct cm_header header;
	struct cm_csv_row fields;
	uint64_t last = 0;
	bool has_header = false;
	enum cm_status status;

	while ((status = cm_csv_next(csv, &fields, NULL)) != CM_NOT_FOUND) {
		if ((status != CM_OK && status != CM_BAD_INPUT) || fields.line <= last)
			__builtin_trap(); /* lines only go up, and nothing else can happen here */
		last = fields.line;
		if (status == CM_BAD_INPUT)
			continue;
		if (!has_header)
			has_header = cm_header_parse(&fields, &header, on_complaint, NULL);
		else if (cm_row_parse(&fields, &header, "ie", &key, &row, on_complaint, NULL) &&
			 (row.category < 0 || row.since >= row.until))
			__builtin_trap();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *in =
	    size != 0 ? fmemopen((void *)(uintptr_t)data, size, "r") : fopen("/dev/null", "r");
	struct cm_csv *csv = in != NULL ? cm_csv_new(in) : NULL;

	if (csv == NULL)
		return 0;
	read_all(csv);
	cm_csv_free(csv);
	(void)fclose(in);
	return 0;
}
