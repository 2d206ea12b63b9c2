#include "protocol/base/buf.h"

#include <stdio.h>
#include <string.h>

#include "protocol/base/alloc.h"

void cm_buf_init(struct cm_buf *buf, size_t limit_bytes)
{
	*buf = (struct cm_buf){.limit = limit_bytes};
}

void cm_buf_fini(struct cm_buf *buf)
{
	cm_free(buf->data);
	*buf = (struct cm_buf){.limit = buf->limit};
}

void cm_buf_clear(struct cm_buf *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->data != NULL)
		buf->data[0] = 0;
}

void cm_buf_expect(struct cm_buf *buf, size_t more)
{
	size_t most = buf->limit != 0 ? buf->limit - buf->len : SIZE_MAX / 4 - buf->len;
	size_t cap = buf->len + (more < most ? more : most) + 1;
	uint8_t *grown;

	if (buf->failed || cap <= buf->cap)
		return;
	grown = cm_realloc(buf->data, cap, 1);
	buf->failed = grown == NULL;
	if (grown == NULL)
		return;
	buf->data = grown;
	buf->data[buf->len] = 0;
	buf->cap = cap;
}

static bool reserve(struct cm_buf *buf, size_t more)
{
	size_t cap = buf->cap;
	uint8_t *grown;

	if (buf->failed)
		return false;
	if (more > SIZE_MAX / 4 - buf->len || (buf->limit != 0 && buf->len + more > buf->limit)) {
		buf->failed = true;
		return false;
	}
	if (buf->len + more + 1 <= cap)
		return true;
	while (cap < buf->len + more + 1)
		cap = cap < 64 ? 128 : cap * 2;
	grown = cm_realloc(buf->data, cap, 1);
	if (grown == NULL) {
		buf->failed = true;
		return false;
	}
	buf->data = grown;
	buf->cap = cap;
	return true;
}

void cm_buf_add_slow(struct cm_buf *buf, const void *bytes, size_t len)
{
	if (!reserve(buf, len))
		return;
	if (len != 0)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = 0;
}

void cm_buf_printf(struct cm_buf *buf, const char *fmt, ...)
{
	va_list ap;
	int bytes;
	size_t room = buf->failed || buf->cap == 0 ? 0 : buf->cap - buf->len;

	/* Most texts fit into what is there. */
	va_start(ap, fmt);
	bytes = vsnprintf(room != 0 ? (char *)buf->data + buf->len : NULL, room, fmt, ap);
	va_end(ap);
	if (bytes < 0) {
		buf->failed = true;
		return;
	}
	if (!reserve(buf, (size_t)bytes)) {
		if (room != 0)
			buf->data[buf->len] = 0;
		return;
	}
	if ((size_t)bytes < room) {
		buf->len += (size_t)bytes;
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf((char *)buf->data + buf->len, (size_t)bytes + 1, fmt, ap);
	va_end(ap);
	buf->len += (size_t)bytes;
}

const char *cm_buf_str(const struct cm_buf *buf)
{
	return buf->data != NULL ? (const char *)buf->data : "";
}
