#include "protocol/base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

struct ring_line {
	enum cm_log_level level;
	char text[CM_LOG_LINE_BYTES];
};

static struct {
	cm_log_sink_cb sink;
	void *data;
	cm_log_time_cb now;
	enum cm_log_level most;
} logger;

static struct ring_line ring[CM_LOG_RING_LINES];
static atomic_uint ring_next;

void cm_log_open(cm_log_sink_cb sink, void *data, cm_log_time_cb now, enum cm_log_level most)
{
	logger.sink = sink;
	logger.data = data;
	logger.now = now;
	logger.most = most;
}

const char *cm_log_level_name(enum cm_log_level level)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};

	return level <= CM_LOG_DEBUG ? names[level] : "?";
}

void cm_log(enum cm_log_level level, const char *event, const char *fmt, ...)
{
	struct ring_line *line = &ring[atomic_fetch_add(&ring_next, 1) % CM_LOG_RING_LINES];
	char when[CM_WALL_TEXT_BYTES] = "-";
	char text[CM_LOG_LINE_BYTES];
	va_list ap;
	int used;

	if (logger.now != NULL)
		cm_wall_print(logger.now(), when);
	used = snprintf(text, sizeof text, "%s %s %s ", when, cm_log_level_name(level), event);
	if (used < 0 || (size_t)used >= sizeof text)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text + used, sizeof text - (size_t)used, fmt, ap);
	va_end(ap);
	/* A line is one line, whatever came in through a peer's text. */
	for (char *p = text; *p != 0; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	line->level = level;
	memcpy(line->text, text, sizeof text);
	if (logger.sink != NULL && level <= logger.most)
		logger.sink(level, text, logger.data);
}

void cm_log_replay(cm_log_sink_cb sink, void *data)
{
	unsigned next = atomic_load(&ring_next);
	unsigned first = next > CM_LOG_RING_LINES ? next - CM_LOG_RING_LINES : 0;

	for (unsigned i = first; i != next; i++) {
		const struct ring_line *line = &ring[i % CM_LOG_RING_LINES];
		sink(line->level, line->text, data);
	}
}
