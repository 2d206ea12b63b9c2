/*
 * Whether the law of a process is signed by those whom the fleet manifest lists for it. Callers: the daemons, at the
 * start, with -n, and when a newer manifest comes.
 */
#ifndef CM_LAW_SIGNED_H
#define CM_LAW_SIGNED_H

#include "jurisdictions/law_files.h"
#include "protocol/base/clock.h"
#include "protocol/post/settings.h"
#include "protocol/seal/law_signature.h"

/* Read a file of signatures. CM_NOT_FOUND and the others of cm_law_texts_read and cm_law_signatures_parse; ended by
 * cm_law_signatures_fini whatever comes back. */
enum cm_status cm_law_signatures_load(
    const char *path, struct cm_law_signatures *out, struct cm_err *err) CM_MUST_USE;

/* Every jurisdiction of `law`, or without one of the files that the settings name. CM_NOT_ALLOWED with a sentence
 * that names the file of signatures, the jurisdiction, a file of its rules and the digest; others: something cannot
 * be read. */
enum cm_status cm_law_signed_check(const struct cm_settings *settings, const struct cm_law *law,
    const struct cm_manifest *manifest, struct cm_wall now, struct cm_err *err) CM_MUST_USE;

#endif
