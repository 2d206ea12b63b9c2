/*
 * What comes to the office: requests and replies from the hub, jobs back from the ledger, alarms, the end of a
 * turn of the loop. Each becomes one input with its own time, and what it brings about is done at once.
 */
#include "protocol/post/post_parts.h"

#include <unistd.h>

#include "protocol/base/log.h"
#include "protocol/link/now.h"

struct cm_office_input cm_post_input(enum cm_office_event event)
{
	return (struct cm_office_input){
	    .event = event, .wall = cm_wall_now(), .mono = cm_mono_now()};
}

/* The same with dice, for what may make ids. */
struct cm_office_input cm_post_input_with_seed(enum cm_office_event event)
{
	struct cm_office_input input = cm_post_input(event);

	input.seed = cm_id_new(input.wall);
	return input;
}

void cm_post_step(struct cm_post *post, const struct cm_office_input *input)
{
	cm_office_step(post->office, input);
	cm_post_perform(post);
	cm_post_members_follow(post);
}

void cm_post_on_request(void *data, struct cm_inbound *in)
{
	struct cm_office_input input = cm_post_input_with_seed(CM_OFFICE_REQUEST);

	input.asker = in;
	input.bytes = cm_inbound_bytes(in);
	input.proven = cm_inbound_peer(in);
	cm_post_step(data, &input);
}

void cm_post_on_reply(
    void *data, size_t peer, uint64_t token, enum cm_status status, struct cm_bytes reply)
{
	struct cm_office_input input = cm_post_input_with_seed(CM_OFFICE_REPLY);

	input.peer = peer;
	input.token = token;
	input.status = status;
	input.bytes = reply;
	cm_post_step(data, &input);
}

void cm_post_on_peer(void *data, size_t peer, bool is_up)
{
	struct cm_office_input input =
	    cm_post_input(is_up ? CM_OFFICE_PEER_UP : CM_OFFICE_PEER_DOWN);

	input.peer = peer;
	cm_post_step(data, &input);
}

void cm_post_on_dead(void *data, const char *sentence)
{
	(void)data;
	cm_log(CM_LOG_ERROR, "listener.dead", "why=%s", sentence);
	_exit(CM_LEDGER_EXIT_CODE);
}

void cm_post_on_job_mail(struct cm_mail *mail)
{
	struct cm_post_ticket *ticket = CM_CONTAINER(mail, struct cm_post_ticket, mail);
	struct cm_office_input input = cm_post_input(CM_OFFICE_JOB);

	input.job = ticket->job;
	input.status = ticket->job->status;
	cm_post_step(ticket->post, &input);
}

/* The clerk's thread: only posts. */
void cm_post_on_job_done(struct cm_job *job, enum cm_status status, uint64_t first_seq, void *data)
{
	struct cm_post_ticket *ticket = cm_office_ticket(job);

	(void)data;
	(void)status; /* job->status and job->first_seq say the same */
	(void)first_seq;
	if (!cm_mailbox_post(&ticket->post->mailbox, &ticket->mail))
		cm_office_abandon(job);
}

void cm_post_on_alarm(uv_timer_t *timer)
{
	struct cm_post_alarm *alarm = timer->data;
	struct cm_office_input input = cm_post_input_with_seed(CM_OFFICE_ALARM);

	input.alarm = alarm->number;
	cm_post_step(alarm->post, &input);
}

/* The clerk gets the jobs of one turn together. */
static void wake_ledger(struct cm_post *post)
{
	if (post->has_gathered)
		cm_ledger_wake(post->ledger);
	post->has_gathered = false;
}

void cm_post_on_turn_end(uv_check_t *check)
{
	struct cm_post *post = check->data;
	struct cm_office_input input = cm_post_input(CM_OFFICE_TURN);

	if (!post->is_closing)
		cm_post_step(post, &input);
	wake_ledger(post);
}

/* The loop is about to sleep: what its timers brought must not lie until it wakes. */
void cm_post_on_sleep(uv_prepare_t *prepare)
{
	wake_ledger(prepare->data);
}
