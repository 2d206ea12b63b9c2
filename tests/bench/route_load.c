#include "tests/bench/route_load.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/alloc.h"
#include "tests/bench/route_call.h"

#define DEMAND_BYTES 2048
#define FILE_MOST 64       /* demands in one envelope */
#define POLL_PAUSE_US 1000 /* between polls that find nothing, with many in flight */
#define ALONE_PAUSE_US 50  /* the same with one */
#define ALONE_SLEEP_SHARE                                                                          \
	0.6 /* of the usual time, before the first poll: polls cost the node time */
#define LATER_PAUSE_US 20000
#define REST_MOST_US 60000000 /* for the last ones to come in */

/* A case under way. With `done_us` alone its outcome was seen before its file's reply was read. */
struct flight {
	int64_t filed_us;
	int64_t done_us;
};

struct load {
	struct route_fleet *fleet;
	unsigned window;
	struct route_call filer;
	struct route_call poller;
	unsigned *number; /* the filer's */

	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t landed;
	struct cm_idmap
	    flights; /* id -> struct flight; a landed one stays, to see a second outcome */
	size_t in_flight;
	int64_t counts_from_us;
	int64_t counts_to_us;
	struct route_samples ms;
	struct route_load sum;
	struct cm_err trouble;
	bool is_over;
};

static void say_trouble(struct load *load, enum cm_status status, const char *text)
{
	if (load->trouble.status == CM_OK)
		(void)cm_err_set(&load->trouble, status, "%s", text);
}

/* ---- landing --------------------------------------------------------------------------------- */

static struct flight *flight_of(struct load *load, const struct cm_id *id, bool *is_new)
{
	struct flight *flight = cm_idmap_get(&load->flights, id);

	*is_new = flight == NULL;
	if (flight != NULL)
		return flight;
	flight = cm_alloc(1, sizeof *flight);
	if (flight == NULL || cm_idmap_put(&load->flights, id, flight) != CM_OK)
		abort();
	return flight;
}

static void land(struct load *load, struct flight *flight)
{
	load->in_flight--;
	load->sum.outcomes++;
	if (flight->done_us >= load->counts_from_us && flight->done_us < load->counts_to_us)
		route_samples_add(&load->ms, (double)(flight->done_us - flight->filed_us) / 1000);
	(void)pthread_cond_signal(&load->landed);
}

static void take_filed(struct load *load, const struct cm_id *id, int64_t filed_us)
{
	bool is_new;
	struct flight *flight = flight_of(load, id, &is_new);

	flight->filed_us = filed_us;
	load->in_flight++;
	load->sum.filed++;
	if (!is_new)
		land(load, flight);
}

static void take_outcome(struct load *load, const struct cm_id *id, int64_t now_us)
{
	bool is_new;
	struct flight *flight = flight_of(load, id, &is_new);

	if (flight->done_us != 0) {
		load->sum.twice++;
		return;
	}
	flight->done_us = now_us;
	if (!is_new)
		land(load, flight);
}

/* ---- filing ---------------------------------------------------------------------------------- */

struct filing {
	struct load *load;
	int64_t filed_us;
	size_t later;
};

static bool read_case(const struct cm_op_reply *reply, struct cm_id *id)
{
	json_t *json = json_loadb((const char *)reply->body.data, reply->body.len, 0, NULL);
	const char *text = json_string_value(json_object_get(json, "case"));
	bool is_new =
	    text != NULL && cm_id_parse(text, id) && json_is_true(json_object_get(json, "new"));

	json_decref(json);
	return is_new;
}

static void on_filed(
    size_t index, enum cm_status status, const struct cm_op_reply *reply, void *data)
{
	struct filing *filing = data;
	struct load *load = filing->load;
	struct cm_id id;

	(void)index;
	(void)pthread_mutex_lock(&load->lock);
	if (status == CM_TRY_AGAIN) {
		load->sum.deferred++;
		filing->later++;
	} else if (status != CM_OK) {
		say_trouble(load, status, reply->sentence);
	} else if (read_case(reply, &id)) {
		take_filed(load, &id, filing->filed_us);
	} else {
		say_trouble(load, CM_BAD_INPUT, "a demand was not taken as a new case");
	}
	(void)pthread_mutex_unlock(&load->lock);
}

static enum cm_status file_some(struct load *load, size_t count, struct cm_err *err)
{
	static char demands[FILE_MOST][DEMAND_BYTES];
	struct cm_op ops[FILE_MOST];
	struct filing filing = {.load = load};
	enum cm_status status;

	for (size_t i = 0; i < count; i++) {
		size_t len = route_demand_print(
		    load->fleet, (*load->number)++, demands[i], sizeof demands[i]);

		ops[i] = (struct cm_op){.name = "file", .body = {(const uint8_t *)demands[i], len}};
	}
	filing.filed_us = route_now_us();
	status = route_call_run(&load->filer, ops, count, on_filed, &filing, err);
	if (filing.later > 0)
		route_sleep_us(LATER_PAUSE_US);
	return status;
}

/* ---- polling --------------------------------------------------------------------------------- */

/* One look at the intake node's journal. `*found`: outcomes seen. */
static enum cm_status poll_once(struct load *load, size_t *found, struct cm_err *err)
{
	char since[24];
	const struct cm_arg args[] = {{"since", since}, {"limit", "500"}};
	const struct cm_op op = {.name = "events", .args = args, .args_count = 2};
	json_t *rows = NULL;
	json_t *row;
	size_t i;
	int64_t now;
	enum cm_status status;

	(void)snprintf(since, sizeof since, "%llu", (unsigned long long)load->fleet->seen);
	*found = 0;
	status = route_call_one(&load->poller, &op, &rows, &load->fleet->seen, err);
	now = route_now_us();
	(void)pthread_mutex_lock(&load->lock);
	json_array_foreach(rows, i, row)
	{
		const char *name = json_string_value(json_object_get(row, "row"));
		const char *text = json_string_value(json_object_get(row, "case"));
		struct cm_id id;

		if (name == NULL || text == NULL || strcmp(name, "outcome") != 0 ||
		    !cm_id_parse(text, &id))
			continue;
		take_outcome(load, &id, now);
		(*found)++;
	}
	(void)pthread_mutex_unlock(&load->lock);
	json_decref(rows);
	return status;
}

/* ---- one in flight --------------------------------------------------------------------------- */

static enum cm_status await_alone(
    struct load *load, int64_t *usual_us, struct route_samples *polls, struct cm_err *err)
{
	int64_t started = route_now_us();
	enum cm_status status = CM_OK;
	size_t found = 0;

	route_sleep_us((int64_t)(ALONE_SLEEP_SHARE * (double)*usual_us));
	while (status == CM_OK && found == 0) {
		int64_t before = route_now_us();

		status = poll_once(load, &found, err);
		if (found > 0)
			break;
		route_sleep_us(ALONE_PAUSE_US);
		route_samples_add(polls, (double)(route_now_us() - before) / 1000);
		if (before - started > REST_MOST_US)
			return cm_err_set(err, CM_TIMED_OUT, "a demand came to no outcome");
	}
	*usual_us += (route_now_us() - started - *usual_us) / 8;
	return status;
}

static enum cm_status run_alone(struct load *load, struct cm_err *err)
{
	struct route_samples polls = {0};
	enum cm_status status = CM_OK;
	int64_t usual_us = 0;

	while (status == CM_OK && route_now_us() < load->counts_to_us) {
		size_t before = load->in_flight;

		if (route_is_stopped())
			break;
		status = file_some(load, 1, err);
		if (status == CM_OK && load->trouble.status != CM_OK)
			break;
		if (status == CM_OK && load->in_flight > before)
			status = await_alone(load, &usual_us, &polls, err);
	}
	load->sum.poll_ms = route_samples_at(&polls, 0.5);
	route_samples_fini(&polls);
	return status;
}

/* ---- many in flight -------------------------------------------------------------------------- */

static void *poll_on(void *data)
{
	struct load *load = data;
	struct cm_err err = {.text = ""};
	bool is_over = false;

	while (!is_over) {
		size_t found = 0;
		enum cm_status status = poll_once(load, &found, &err);

		if (status == CM_OK && found == 0)
			route_sleep_us(POLL_PAUSE_US);
		(void)pthread_mutex_lock(&load->lock);
		if (status != CM_OK && status != CM_TRY_AGAIN)
			say_trouble(load, status, err.text);
		is_over = load->is_over || load->trouble.status != CM_OK;
		if (is_over)
			(void)pthread_cond_signal(&load->landed);
		(void)pthread_mutex_unlock(&load->lock);
	}
	return NULL;
}

/* How many the window lacks, waiting at most a moment for a place. */
static size_t await_room(struct load *load)
{
	struct timespec until;
	size_t lacks;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 100 * 1000 * 1000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	(void)pthread_mutex_lock(&load->lock);
	if (load->in_flight >= load->window && load->trouble.status == CM_OK)
		(void)pthread_cond_timedwait(&load->landed, &load->lock, &until);
	lacks = load->in_flight < load->window ? load->window - load->in_flight : 0;
	(void)pthread_mutex_unlock(&load->lock);
	return lacks < FILE_MOST ? lacks : FILE_MOST;
}

static bool is_in_trouble(struct load *load)
{
	bool is;

	(void)pthread_mutex_lock(&load->lock);
	is = load->trouble.status != CM_OK;
	(void)pthread_mutex_unlock(&load->lock);
	return is || route_is_stopped();
}

static enum cm_status await_rest(struct load *load, struct cm_err *err)
{
	int64_t until = route_now_us() + REST_MOST_US;
	size_t left = 1;

	while (left > 0 && route_now_us() < until && !is_in_trouble(load)) {
		(void)await_room(load);
		(void)pthread_mutex_lock(&load->lock);
		left = load->in_flight;
		(void)pthread_mutex_unlock(&load->lock);
	}
	return left == 0 || is_in_trouble(load)
		   ? CM_OK
		   : cm_err_set(err, CM_TIMED_OUT, "%zu demands came to no outcome", left);
}

static enum cm_status run_many(struct load *load, struct cm_err *err)
{
	enum cm_status status = CM_OK;
	pthread_t poller;

	if (pthread_create(&poller, NULL, poll_on, load) != 0)
		return cm_err_set(err, CM_NO_MEMORY, "no thread");
	while (status == CM_OK && route_now_us() < load->counts_to_us && !is_in_trouble(load)) {
		size_t lacks = await_room(load);

		if (lacks > 0)
			status = file_some(load, lacks, err);
	}
	if (status == CM_OK)
		status = await_rest(load, err);
	(void)pthread_mutex_lock(&load->lock);
	load->is_over = true;
	(void)pthread_mutex_unlock(&load->lock);
	(void)pthread_join(poller, NULL);
	return status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void free_flights(struct load *load)
{
	size_t at = 0;
	struct cm_id id;
	void *flight;

	while (cm_idmap_next(&load->flights, &at, &id, &flight))
		cm_free(flight);
	cm_idmap_fini(&load->flights);
}

static enum cm_status open_load(struct load *load, struct cm_err *err)
{
	const struct cm_fleet_process *intake = load->fleet->intake;
	enum cm_status status;

	(void)pthread_mutex_init(&load->lock, NULL);
	(void)pthread_cond_init(&load->landed, NULL);
	cm_idmap_init(&load->flights);
	status = route_call_open(intake, &load->filer, err);
	return status == CM_OK ? route_call_open(intake, &load->poller, err) : status;
}

static void close_load(struct load *load)
{
	route_call_close(&load->filer);
	route_call_close(&load->poller);
	free_flights(load);
	route_samples_fini(&load->ms);
	(void)pthread_cond_destroy(&load->landed);
	(void)pthread_mutex_destroy(&load->lock);
}

enum cm_status route_load_run(struct route_fleet *fleet, unsigned window, double seconds,
    unsigned *number, struct route_load *out, struct cm_err *err)
{
	struct load load = {.fleet = fleet, .window = window, .number = number};
	enum cm_status status = open_load(&load, err);

	load.counts_from_us = route_now_us() + (int64_t)(seconds * 2e5);
	load.counts_to_us = load.counts_from_us + (int64_t)(seconds * 1e6);
	if (status == CM_OK)
		status = window == 1 ? run_alone(&load, err) : run_many(&load, err);
	if (status == CM_OK && load.trouble.status != CM_OK)
		status = cm_err_set(err, load.trouble.status, "%s", load.trouble.text);
	if (status == CM_OK && route_is_stopped())
		status = cm_err_set(err, CM_STOPPED, "stopped");
	load.sum.rate = (double)load.ms.count / seconds;
	load.sum.mean_ms = route_samples_mean(&load.ms);
	load.sum.p50_ms = route_samples_at(&load.ms, 0.5);
	load.sum.p99_ms = route_samples_at(&load.ms, 0.99);
	*out = load.sum;
	close_load(&load);
	return status;
}
