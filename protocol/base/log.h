/*
 * Logging: a stable event id, then key=value. The sink (standard error, a test's buffer) is given by
 * main; this file writes nowhere. A ring keeps the last lines of every level for the crash report.
 *
 * Never log a target identifier, an account or the content of a case: ids, states, reasons, counts.
 */
#ifndef CM_BASE_LOG_H
#define CM_BASE_LOG_H

#include "protocol/base/clock.h"

enum cm_log_level { CM_LOG_ERROR, CM_LOG_WARN, CM_LOG_INFO, CM_LOG_DEBUG };

#define CM_LOG_LINE_BYTES 512
#define CM_LOG_RING_LINES 1024

typedef void (*cm_log_sink_cb)(enum cm_log_level level, const char *line, void *data);
typedef struct cm_wall (*cm_log_time_cb)(void);

/* Where lines at or below `most` go, and who tells the time (NULL: lines carry none). Call once,
 * before other threads start. */
void cm_log_open(cm_log_sink_cb sink, void *data, cm_log_time_cb now, enum cm_log_level most);

/* Log one event: `event` is "noun.verb", `fmt` gives its key=value pairs. Any thread. */
void cm_log(enum cm_log_level level, const char *event, const char *fmt, ...) CM_PRINTF(3, 4);

const char *cm_log_level_name(enum cm_log_level level);

/* Hand the ring's lines, oldest first, to `sink`: the flight recorder's report. */
void cm_log_replay(cm_log_sink_cb sink, void *data);

#endif
