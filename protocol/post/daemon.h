/*
 * What the two daemons share beside the post: the command line, the log on standard error, signals, the
 * ready byte, and the order of going down. `main` gives a description of itself and its machine.
 */
#ifndef CM_POST_DAEMON_H
#define CM_POST_DAEMON_H

#include "protocol/post/post.h"

struct cm_daemon {
	const char *program;     /* "comity-router" */
	const char *const *roles; /* that it plays, NULL-terminated */

	/* Build the machine from checked settings; called once. On failure the daemon exits with the
	 * sentence. `*state` is handed to the others. */
	enum cm_status (*open)(const struct cm_settings *settings, void **state,
	    struct cm_machine *machine, struct cm_err *err);
	void (*opened)(void *state, struct cm_post *post);
	void (*close)(void *state);

	/* Whether those stand for the law that may, by this manifest and now: the law of `state`, or with -n, where
	 * there is none yet (NULL), what the settings name. CM_OK where there is no law. */
	enum cm_status (*check_law)(const struct cm_settings *settings, const void *state,
	    const struct cm_manifest *manifest, struct cm_wall now, struct cm_err *err);
};

/* The whole life of the process: returns its exit code. 0 after a clean stop, 1 if it could not start,
 * 2 for a wrong command line, 3 if something was left open on the loop. */
int cm_daemon_run(const struct cm_daemon *daemon, int argc, char **argv);

#endif
