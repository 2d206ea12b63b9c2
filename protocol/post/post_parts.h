/*
 * The post's inside, shared by its files: post.c (life), post_input.c (what comes to the office) and
 * post_effect.c (what it wants done). Private to protocol/post.
 */
#ifndef CM_POST_POST_PARTS_H
#define CM_POST_POST_PARTS_H

#include "protocol/ledger/ledger.h"
#include "protocol/link/hub.h"
#include "protocol/post/notary.h"
#include "protocol/post/post.h"

/* One of the office's alarms. */
struct cm_post_alarm {
	uv_timer_t timer;
	struct cm_post *post;
	size_t number;
};

/* What comes with each job: the clerk posts it when the job is done. */
struct cm_post_ticket {
	struct cm_mail mail;
	struct cm_post *post;
	struct cm_job *job;
};

struct cm_post {
	const struct cm_settings *settings; /* borrowed */
	struct cm_membership *membership; /* borrowed; NULL: none */
	struct cm_notary notary;
	struct cm_member_key *keys;       /* owned: those that stand now */
	size_t keys_count;
	struct cm_hub_member *members;    /* owned: likewise, as the hub wants them */
	const char *dialled[CM_MAX_PEERS]; /* addresses, the settings'; NULL: at rest, since no key of its stands */
	size_t dialled_count;
	bool has_new_members; /* a manifest came in this step */
	uv_timer_t members_timer;
	uv_loop_t *loop;
	struct cm_office *office; /* owned */
	struct cm_mailbox mailbox;
	struct cm_hub *hub;       /* owned */
	struct cm_ledger *ledger; /* owned */
	struct cm_reader *reader; /* the ledger's */
	struct cm_post_alarm *alarms; /* owned, by number */
	size_t alarms_count;
	uv_check_t turn_end;
	uv_prepare_t sleep;
	bool has_gathered; /* jobs that the ledger was not woken for */
	unsigned handles_open;
	bool is_closing;
	cm_post_close_cb on_close;
	void *close_data;
};

/* post_input.c: an input as of now; the second with dice, for what may make ids. */
struct cm_office_input cm_post_input(enum cm_office_event event);
struct cm_office_input cm_post_input_with_seed(enum cm_office_event event);
/* One step of the office, and all that it wants done. */
void cm_post_step(struct cm_post *post, const struct cm_office_input *input);

/* post_notary.c: whose signatures are asked for; and the outbox with the path of each row. */
void cm_post_notary_open(struct cm_post *post);
enum cm_status cm_post_read_outbox(void *self, cm_outbox_cb on_row, void *data);

/* The hub's callbacks, with the post as data. */
void cm_post_on_request(void *data, struct cm_inbound *in);
void cm_post_on_reply(
    void *data, size_t peer, uint64_t token, enum cm_status status, struct cm_bytes reply);
void cm_post_on_peer(void *data, size_t peer, bool is_up);
void cm_post_on_dead(void *data, const char *sentence);

/* The ledger's, on the clerk's thread; and the mail it posts, on the loop's. */
void cm_post_on_job_done(struct cm_job *job, enum cm_status status, uint64_t first_seq, void *data);
void cm_post_on_job_mail(struct cm_mail *mail);

/* uv's. */
void cm_post_on_alarm(uv_timer_t *timer);
void cm_post_on_turn_end(uv_check_t *check);
void cm_post_on_sleep(uv_prepare_t *prepare);

/* post_members.c: who may speak, and who is dialled. */
enum cm_status cm_post_members_init(struct cm_post *post, struct cm_err *err) CM_MUST_USE;
enum cm_status cm_post_members_open(struct cm_post *post, struct cm_err *err) CM_MUST_USE;
void cm_post_members_fini(struct cm_post *post);
struct cm_office_manifest cm_post_manifest(struct cm_post *post);
void cm_post_members_follow(struct cm_post *post); /* after a step: what a newer manifest changed */

/* post_effect.c: in their order; what one of them brings about stands behind the others. */
void cm_post_perform(struct cm_post *post);

#endif
