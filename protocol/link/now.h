/*
 * The two clocks, read. This is the only place of the project that asks the system for the time;
 * every core gets it as an input. Any thread may call.
 */
#ifndef CM_LINK_NOW_H
#define CM_LINK_NOW_H

#include "protocol/base/clock.h"

/* Wall time, as a court reads it: may step back and forth. */
struct cm_wall cm_wall_now(void);

/* Monotonic time, for timeouts: never steps; its zero means nothing. */
struct cm_mono cm_mono_now(void);

#endif
