#include "nodes/cli/exit.h"

#include <stddef.h>

enum cm_exit cm_exit_from_status(enum cm_status status)
{
	switch (status) {
	case CM_OK:
		return CM_EXIT_OK;
	case CM_NOT_FOUND:
		return CM_EXIT_NOT_FOUND;
	case CM_NOT_ALLOWED:
		return CM_EXIT_NOT_ALLOWED;
	case CM_CHANGED:
		return CM_EXIT_CHANGED;
	case CM_UNREACHABLE:
		return CM_EXIT_UNREACHABLE;
	case CM_TERM_OVER:
		return CM_EXIT_TERM_OVER;
	case CM_NO_MEMORY:
	case CM_BAD_INPUT:
	case CM_TRUNCATED:
	case CM_TOO_LARGE:
	case CM_TOO_DEEP:
	case CM_UNKNOWN_KIND:
	case CM_UNKNOWN_NAME:
	case CM_DUPLICATE:
	case CM_TRY_AGAIN:
	case CM_DISK_FULL:
	case CM_IO:
	case CM_CORRUPT:
	case CM_VERSION:
	case CM_NO_MEANING:
	case CM_CONFLICT:
	case CM_TIMED_OUT:
	case CM_STOPPED:
	case CM_INTERNAL:
		break;
	}
	return CM_EXIT_FAILED;
}

const char *cm_exit_text(unsigned number)
{
	switch (number) {
#define X(name, code, text)                                                                        \
	case code:                                                                                 \
		return text;
		CM_EXIT_TABLE(X)
#undef X
	default:
		return NULL;
	}
}
