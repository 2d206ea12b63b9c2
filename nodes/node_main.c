/*
 * comity-node: the process of one region's legal desk, or of central counsel.
 */
#include "jurisdictions/law_signed.h"
#include "nodes/desk/desk.h"
#include "protocol/post/daemon.h"

static enum cm_status open_desk(const struct cm_settings *settings, void **state,
    struct cm_machine *machine, struct cm_err *err)
{
	struct cm_desk *desk = cm_alloc(1, sizeof *desk);
	enum cm_status status;

	if (desk == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to start");
	status = cm_desk_init(desk, settings, err);
	if (status != CM_OK) {
		cm_free(desk);
		return status;
	}
	*machine = cm_desk_machine(desk);
	*state = desk;
	return CM_OK;
}

static void opened(void *state, struct cm_post *post)
{
	struct cm_desk *desk = state;

	desk->post = post;
}

static void close_desk(void *state)
{
	cm_desk_fini(state);
	cm_free(state);
}

static enum cm_status check_law(const struct cm_settings *settings, const void *state,
    const struct cm_manifest *manifest, struct cm_wall now, struct cm_err *err)
{
	const struct cm_desk *desk = state;

	return cm_law_signed_check(settings, desk != NULL ? desk->law : NULL, manifest, now, err);
}

int main(int argc, char **argv)
{
	static const char *const roles[] = {"region", "central", NULL};
	static const struct cm_daemon daemon = {
	    "comity-node", roles, open_desk, opened, close_desk, check_law};

	return cm_daemon_run(&daemon, argc, argv);
}
