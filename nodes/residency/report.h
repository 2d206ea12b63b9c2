/*
 * Gathers what is wrong with a file, in whatever order it is found, and keeps the first complaints
 * by line.
 */
#ifndef CM_RESIDENCY_REPORT_H
#define CM_RESIDENCY_REPORT_H

#include "nodes/residency/merge.h"
#include "nodes/residency/residency.h"

/* A complaint; `data` is a struct cm_residency_report. Fits cm_complain_cb. */
void cm_report_complain(void *data, uint64_t line, const char *column, const char *text);

/* A period as a reader wants it: "2020-01-01 to 2022-01-01", "since 2020-01-01" ... */
#define CM_PERIOD_TEXT_BYTES 48
void cm_report_period(const struct cm_place *place, char out[CM_PERIOD_TEXT_BYTES]);

#endif
