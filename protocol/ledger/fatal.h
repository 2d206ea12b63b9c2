/* What happens when the disk fails. Private to protocol/ledger. */
#ifndef CM_LEDGER_FATAL_H
#define CM_LEDGER_FATAL_H

#include "protocol/ledger/ledger.h"

struct cm_fatal {
	cm_ledger_fatal_cb on_fatal; /* NULL: log and end the process */
	void *data;
};

/* Raise the alarm, on the thread that met the failure. Returns only if the callback does. */
void cm_fatal_raise(const struct cm_fatal *fatal, const struct cm_err *err);

#endif
