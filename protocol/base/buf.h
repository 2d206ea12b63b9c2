/*
 * A growable run of bytes. Writers append and look at `failed` once, at the end: after the first
 * failed growth every append does nothing.
 */
#ifndef CM_BASE_BUF_H
#define CM_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "protocol/base/err.h"

struct cm_buf {
	uint8_t *data; /* owned; always followed by a NUL once anything was appended */
	size_t len;
	size_t cap;
	size_t limit; /* bytes; 0 = none */
	bool failed;  /* memory or limit ran out: what is here is not whole */
};

void cm_buf_init(struct cm_buf *buf, size_t limit_bytes);
void cm_buf_fini(struct cm_buf *buf);

/* Forget the content, keep the memory. */
void cm_buf_clear(struct cm_buf *buf);

/* Have room for so many bytes more, where it is known beforehand: growing in steps copies them twice. Never
 * more than the limit allows; without memory `failed` is set, as by an append. */
void cm_buf_expect(struct cm_buf *buf, size_t more);

/* cm_buf_add for when the room must grow or the limit be minded. */
void cm_buf_add_slow(struct cm_buf *buf, const void *bytes, size_t len);

/* Inline, since texts are written in many small pieces and most of them fit. */
static inline void cm_buf_add(struct cm_buf *buf, const void *bytes, size_t len)
{
	if (len == 0 || buf->failed || buf->cap - buf->len <= len ||
	    (buf->limit != 0 && len > buf->limit - buf->len)) {
		cm_buf_add_slow(buf, bytes, len);
		return;
	}
	memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = 0;
}

static inline void cm_buf_text(struct cm_buf *buf, const char *text)
{
	cm_buf_add(buf, text, strlen(text));
}

static inline void cm_buf_byte(struct cm_buf *buf, uint8_t byte)
{
	cm_buf_add(buf, &byte, 1);
}

void cm_buf_printf(struct cm_buf *buf, const char *fmt, ...) CM_PRINTF(2, 3);

/* The content as a C string ("" when empty). Borrowed from the buffer until its next change. */
const char *cm_buf_str(const struct cm_buf *buf);

#endif
