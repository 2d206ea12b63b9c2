/*
 * comity-router: carries each demand to every region's node and brings back one outcome.
 */
#include "jurisdictions/law_signed.h"
#include "protocol/post/daemon.h"
#include "router/router.h"

static enum cm_status open_router(const struct cm_settings *settings, void **state,
    struct cm_machine *machine, struct cm_err *err)
{
	struct cm_router *router = cm_alloc(1, sizeof *router);
	enum cm_status status;

	if (router == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to start");
	status = cm_router_init(router, settings, err);
	if (status != CM_OK) {
		cm_free(router);
		return status;
	}
	*machine = cm_router_machine(router);
	*state = router;
	return CM_OK;
}

static void opened(void *state, struct cm_post *post)
{
	struct cm_router *router = state;

	router->post = post;
}

static void close_router(void *state)
{
	cm_router_fini(state);
	cm_free(state);
}

static enum cm_status check_law(const struct cm_settings *settings, const void *state,
    const struct cm_manifest *manifest, struct cm_wall now, struct cm_err *err)
{
	const struct cm_router *router = state;

	return cm_law_signed_check(settings, router != NULL ? router->policy : NULL, manifest, now, err);
}

int main(int argc, char **argv)
{
	static const char *const roles[] = {"router", NULL};
	static const struct cm_daemon daemon = {
	    "comity-router", roles, open_router, opened, close_router, check_law};

	return cm_daemon_run(&daemon, argc, argv);
}
