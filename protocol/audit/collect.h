/*
 * Filling an audit bundle from ledgers, which are read as they are, also beside the processes that serve from
 * them. It judges nothing: a ledger that was tampered with gives a bundle in which that is seen.
 */
#ifndef CM_AUDIT_COLLECT_H
#define CM_AUDIT_COLLECT_H

#include "protocol/audit/bundle.h"

struct cm_audit_source {
	const char *name; /* of the process */
	const char *path; /* of its ledger */
};

/* What the ledgers hold of the bundle's case, into `bundle->ledgers`, in the arena. `with_originals`: also the
 * demand as it was served, which names accounts; else that row is proved and withheld. CM_NOT_FOUND: none of them
 * has the case; CM_TOO_LARGE; statuses of cm_reader_open and cm_reader_case; CM_NO_MEMORY. */
enum cm_status cm_audit_collect(const struct cm_audit_source *sources, size_t count,
    bool with_originals, struct cm_arena *arena, struct cm_bundle *bundle,
    struct cm_err *err) CM_MUST_USE;

#endif
