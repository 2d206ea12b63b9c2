#include "protocol/link/hub_parts.h"

enum cm_status cm_hub_status(int nng_result)
{
	switch (nng_result) {
	case 0:
		return CM_OK;
	case NNG_ETIMEDOUT:
		return CM_TIMED_OUT;
	case NNG_ENOMEM:
		return CM_NO_MEMORY;
	case NNG_EMSGSIZE:
		return CM_TOO_LARGE;
	case NNG_EADDRINVAL:
		return CM_BAD_INPUT;
	case NNG_EPERM:
		return CM_NOT_ALLOWED;
	case NNG_ECLOSED:
	case NNG_ECANCELED:
		return CM_STOPPED;
	case NNG_ECONNREFUSED:
	case NNG_ECONNRESET:
	case NNG_ECONNABORTED:
	case NNG_ECONNSHUT:
	case NNG_EUNREACHABLE:
	case NNG_ENOENT:
	case NNG_EPEERAUTH:
	case NNG_EPROTO:
		return CM_UNREACHABLE;
	default:
		return CM_IO;
	}
}
