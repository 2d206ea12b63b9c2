/*
 * Kinds of journal rows that are not messages. Numbers are assigned once and never reused; messages
 * have theirs in protocol/wire/message.h, below 100.
 */
#ifndef CM_POST_ROWS_H
#define CM_POST_ROWS_H

#include "protocol/wire/message.h"

#define CM_ROW_ASKED_AGAIN 100 /* router: the second ask, as sent */
#define CM_ROW_ORIGINAL 101    /* intake: the demand's bytes, as served: of older programs; now it is sealed */
#define CM_ROW_SEALED 113      /* intake: the demand as served, sealed: nodes/desk/content.h */
#define CM_ROW_DESTROYED 114   /* intake: its key is destroyed: what, when, by whom and why, as JSON */
#define CM_ROW_READ 115        /* intake: a person read it: when, who and why, as JSON */
#define CM_ROW_WAITED 102      /* router: whom the case waits for, as text */

#define CM_ROW_UNCHANGED 103   /* router: planned anew, and the outcome stands; why, as text */
#define CM_ROW_REFUSED 104     /* router: a person's word that was not followed; why, as text */
#define CM_ROW_RELATED 105     /* router: other cases as the plan saw them: an outcome without parts */
#define CM_ROW_CLOCK 106       /* router: what was told of a clock, "risk RULE/ACT/DUE/ZONE"; "waits ie, de": the
                                  outcome that follows was made without these */
#define CM_ROW_OWNER 107       /* node: the case's owner and epoch as seen: a notice `moved` */
#define CM_ROW_MOVED 108       /* router: another router has the case now: a notice `moved` */
#define CM_ROW_MANIFEST 109    /* the office: a fleet manifest that came into use here, as it was signed */

/* Of operations and who ran them: JSON texts, made by the gate (protocol/people/gate.h) and hidden from the
 * machine behind it. */
#define CM_ROW_OP_REFUSED 116  /* an operation that was not allowed: whose, and why */
#define CM_ROW_SHOWN 117        /* somebody was shown what the case says */
#define CM_ROW_ACT 118         /* who did what the rows right before it store */
#define CM_ROW_SIGNED 119      /* region: a person's signature under a part */

static inline bool cm_row_is_access(uint32_t kind)
{
	return kind >= CM_ROW_OP_REFUSED && kind <= CM_ROW_ACT;
}

/* Gives a core the journal rows of one of its cases again, oldest first, as they stand in the ledger.
 * `each` returns false to end early. */
typedef bool (*cm_recalled_cb)(
    void *data, uint32_t kind, int64_t at_ms, struct cm_bytes body);
struct cm_recall {
	enum cm_status (*fn)(void *self, const struct cm_id *case_id, cm_recalled_cb each, void *data);
	void *self; /* borrowed */
};

/* The name of a row's kind, for readers; messages included. */
const char *cm_row_name(uint32_t kind);

#endif
