/*
 * A growable run of bytes. Writers append and look at `failed` once, at the end: after the first
 * failed growth every append does nothing.
 */
#ifndef CM_BASE_BUF_H
#define CM_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

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

void cm_buf_add(struct cm_buf *buf, const void *bytes, size_t len);
void cm_buf_text(struct cm_buf *buf, const char *text);
void cm_buf_byte(struct cm_buf *buf, uint8_t byte);
void cm_buf_printf(struct cm_buf *buf, const char *fmt, ...) CM_PRINTF(2, 3);

/* The content as a C string ("" when empty). Borrowed from the buffer until its next change. */
const char *cm_buf_str(const struct cm_buf *buf);

#endif
