/*
 * Bugs put in on purpose, to show that the simulator (tests/sim) finds such bugs. In a daemon CM_PLANTED
 * is the constant false and nothing of this is compiled in; tests/sim builds the cores a second time with
 * COMITY_PLANT and chooses one by number.
 */
#ifndef CM_BASE_PLANT_H
#define CM_BASE_PLANT_H

/* X(name, what is done wrong) */
#define CM_PLANTS(X)                                                                               \
	X(NONE, "nothing")                                                                         \
	X(SKIP_STORE, "what the machine wants stored is left out of the job")                      \
	X(SKIP_OUTBOX, "what the machine wants sent is left out of the job")                       \
	X(EARLY_ANSWER, "the reply goes before the commit")                                        \
	X(EARLY_SEND, "records leave for their peers before the commit")                           \
	X(FORGET_INBOX, "what was received is not marked: a repetition is acted on again")         \
	X(NO_REPEAT_CHECK, "the inbox is marked and never looked at")                              \
	X(ANSWER_AGAIN, "a case takes a node's answer a second time")                              \
	X(ASK_AGAIN, "a node answers one ask a second time")                                       \
	X(GOOD_WORDS, "a failed commit is answered as if it had not failed")                       \
	X(KEEP_MEMORY, "after a failed commit the machine is not rebuilt")                         \
	X(STALE_MIND, "a machine that is ahead of the disk goes on taking records")                \
	X(KEEP_OUTBOX, "delivered records stay in the outbox")                                     \
	X(EARLY_DELETE, "an outbox row goes when its record is sent, not when its receipt comes")  \
	X(NO_ALARM, "the cases' alarms are not set")                                               \
	X(NO_RESUME, "open cases are not taken up after a restart")                                \
	X(COMPLY_ANYWAY, "a part is complied with whatever the hosting law forbids")               \
	X(SETTLE_ANYWAY, "and so is what central settled")                                         \
	X(IGNORE_ADDED, "and so is what a desk beside the hosting one forbids")                    \
	X(LOSE_SETTLEMENT, "the next revision knows nothing of what central settled")              \
	X(STALE_SETTLEMENT, "central settles a revision that is no longer the newest")             \
	X(STALE_WORD, "a person's word on a revision that is no longer the newest is taken")       \
	X(OLD_EDITION, "an older edition of a node's answer is taken after a newer one")           \
	X(LOWER_REVISION, "a desk takes an outcome of a lower revision")                           \
	X(FORGET_WITHDRAWAL, "a withdrawal is acknowledged, and nothing follows")                  \
	X(LIVE_CORRECTED, "a demand that was corrected lives on")                                  \
	X(QUIET_END, "only those who hold a part hear that the case has ended")                    \
	X(LEAVE_BEHIND, "who held a part and holds none now is not told")                          \
	X(UNLIKE, "an equal demand that comes to something else is left alone")                    \
	X(FORGET_WORD, "a word that a case ends is forgotten where the case is not")               \
	X(DROP_EPOCH, "a desk takes what a former owner says")                                     \
	X(SAME_EPOCH, "a case is handed over in the epoch that it had")                            \
	X(FORGET_SETTLED, "a new owner forgets what central tells it was settled")                 \
	X(KEEP_MOVED, "a router keeps a case that it is told has moved")                           \
	X(NO_REBUILD, "a router that has lost its ledger is given nothing again")                  \
	X(FORGET_ENDED, "and nothing of what has ended")                                           \
	X(SILENT_CLOCK, "nobody is told of a clock, and no case is decided early for one")

enum cm_plant {
#define X(name, what) CM_PLANT_##name,
	CM_PLANTS(X)
#undef X
	    CM_PLANTS_COUNT
};

#ifdef COMITY_PLANT
extern unsigned cm_plant; /* the test's */
#define CM_PLANTED(name) (cm_plant == CM_PLANT_##name)
#else
#define CM_PLANTED(name) false
#endif

#endif
