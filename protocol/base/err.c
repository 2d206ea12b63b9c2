#include "protocol/base/err.h"

#include <stdio.h>
#include <string.h>

#include "protocol/base/text.h"

const char *cm_status_text(enum cm_status status)
{
	switch (status) {
#define X(name, number, text)                                                                      \
	case name:                                                                                 \
		return text;
		CM_STATUS_TABLE(X)
#undef X
	}
	return "unknown status";
}

const char *cm_status_name(enum cm_status status)
{
	switch (status) {
#define X(name, number, text)                                                                      \
	case name:                                                                                 \
		return #name;
		CM_STATUS_TABLE(X)
#undef X
	}
	return "CM_?";
}

bool cm_status_from_wire(unsigned number, enum cm_status *out)
{
	switch (number) {
#define X(name, number, text)                                                                      \
	case number:                                                                               \
		*out = name;                                                                       \
		return true;
		CM_STATUS_TABLE(X)
#undef X
	default:
		return false;
	}
}

enum cm_status cm_err_set(struct cm_err *err, enum cm_status status, const char *fmt, ...)
{
	if (err != NULL) {
		va_list ap;
		va_start(ap, fmt);
		err->status = status;
		(void)vsnprintf(err->text, sizeof err->text, fmt, ap);
		va_end(ap);
		cm_text_make_plain(err->text); /* it may be cut, or quote a stranger */
	}
	return status;
}

enum cm_status cm_err_wrap(struct cm_err *err, const char *fmt, ...)
{
	char whole[CM_ERR_TEXT_BYTES];
	va_list ap;
	int used;

	if (err == NULL)
		return CM_INTERNAL;
	va_start(ap, fmt);
	used = vsnprintf(whole, sizeof whole, fmt, ap);
	va_end(ap);
	if (used < 0)
		return err->status;
	if ((size_t)used < sizeof whole)
		(void)snprintf(whole + used, sizeof whole - (size_t)used, ": %.*s",
		    (int)(sizeof whole - (size_t)used - 1), err->text);
	memcpy(err->text, whole, sizeof whole);
	return err->status;
}
