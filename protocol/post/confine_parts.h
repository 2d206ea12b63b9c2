/*
 * Within confine*.c: the parts, and what kinds of builds cannot do without.
 */
#ifndef CM_POST_CONFINE_PARTS_H
#define CM_POST_CONFINE_PARTS_H

#include "protocol/post/confine.h"

/* The leak check stops all threads from a process of its own by ptrace, and reports read the program for
 * its symbols: there the process may be traced by itself and reads every file. */
#if defined(__SANITIZE_ADDRESS__)
#define CM_CONFINE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CM_CONFINE_SANITIZED 1
#endif
#endif
#ifndef CM_CONFINE_SANITIZED
#define CM_CONFINE_SANITIZED 0
#endif

/* Counters of coverage are written at the end, into the folders where the program was built. */
#ifdef COMITY_COVERAGE
#define CM_CONFINE_COUNTED 1
#else
#define CM_CONFINE_COUNTED 0
#endif

/* Both log one line for what the kernel does not have, and return what is in force: 0 none. */
int cm_confine_files(const struct cm_confine *confine); /* the version of landlock's interface */
int cm_confine_calls(const struct cm_confine *confine); /* 1 */

#endif
