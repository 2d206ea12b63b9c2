/*
 * Where the office says "later": the bounds of what is under way here, and of what waits for a peer. The
 * table of all bounds is in protocol/README.md.
 */
#include "protocol/post/office_parts.h"

#include <string.h>

static size_t number_or(size_t number, size_t otherwise)
{
	return number != 0 ? number : otherwise;
}

void cm_office_set_bounds(struct cm_office *office, const struct cm_office_options *options)
{
	office->jobs_most = number_or(options->jobs_most, CM_POST_JOBS_MOST);
	office->jobs_bytes_most = number_or(options->jobs_bytes_most, CM_POST_JOBS_BYTES_MOST);
	office->outbox_most = number_or(options->outbox_most, CM_POST_OUTBOX_MOST);
	office->outbox_bytes_most =
	    number_or(options->outbox_bytes_most, CM_POST_OUTBOX_BYTES_MOST);
}

bool cm_office_is_full(const struct cm_office *office)
{
	return office->jobs_out >= office->jobs_most ||
	       office->jobs_out_bytes >= office->jobs_bytes_most;
}

bool cm_office_is_half_empty(const struct cm_office *office)
{
	return office->jobs_out < office->jobs_most / 2 + 1 &&
	       office->jobs_out_bytes < office->jobs_bytes_most / 2 + 1;
}

bool cm_is_among(const char *const *names, const char *name)
{
	for (; names != NULL && *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static bool opens_work(const struct cm_machine *machine, uint32_t kind, const char *op)
{
	if (op != NULL)
		return cm_is_among(machine->opening_ops, op);
	for (const uint32_t *k = machine->opening_kinds; k != NULL && *k != 0; k++)
		if (*k == kind)
			return true;
	return false;
}

/* New work would wait for every peer sooner or later; what is under way is let through, since only by going
 * on can it end. */
const struct cm_office_peer *cm_office_clogged_for(
    const struct cm_office *office, uint32_t kind, const char *op)
{
	if (!opens_work(&office->machine, kind, op))
		return NULL;
	for (size_t i = 0; i < office->peers_count; i++)
		if (office->peers[i].waiting >= office->outbox_most ||
		    office->peers[i].waiting_bytes >= office->outbox_bytes_most)
			return &office->peers[i];
	return NULL;
}
