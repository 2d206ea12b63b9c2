/*
 * A process gives up what it has no business with: privileges, other files than its own, system calls
 * that nothing of it makes, core dumps. Called once, early: before the first thread, since what is given
 * up holds for the calling thread and those it makes, and before a byte from outside is read.
 *
 * What the kernel does not offer is left out and told in one line of the log for each, never in silence.
 * A build with sanitizers keeps what their reports need (confine_parts.h).
 */
#ifndef CM_POST_CONFINE_H
#define CM_POST_CONFINE_H

#include <stddef.h>

#include "protocol/base/err.h"

#define CM_CONFINE_FOLDERS 512

enum cm_confine_access {
	CM_CONFINE_READ,   /* what lies below may be read */
	CM_CONFINE_WRITE,  /* files may be made, written and removed below */
	CM_CONFINE_LISTEN, /* sockets may be made and removed below */
};

struct cm_confine_folder {
	const char *path; /* borrowed; one that is not there is passed over: who opens below says so */
	enum cm_confine_access access;
};

struct cm_confine {
	const char *user; /* whose a process becomes that root has started; "": nobody else's */
	const struct cm_confine_folder *folders;
	size_t folders_count;
	bool has_tcp; /* it speaks to other machines; else no socket but a Unix one can be made */
};

/* CM_NOT_FOUND, CM_NOT_ALLOWED with a sentence if it cannot become the user it must be: do not go on. All
 * else is done as far as the kernel has it. */
enum cm_status cm_confine(const struct cm_confine *confine, struct cm_err *err) CM_MUST_USE;

/* The first of it alone, for programs that end soon: no core file, and no other process looks into its
 * memory. Part of cm_confine. */
void cm_confine_memory(void);

/* Call when all threads have been started: no other can be, nor a process. (A process of the user that
 * is root has that from the filter of system calls alone.) */
void cm_confine_end_start(void);

#endif
