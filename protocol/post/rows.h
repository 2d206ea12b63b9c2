/*
 * Kinds of journal rows that are not messages. Numbers are assigned once and never reused; messages
 * have theirs in protocol/wire/message.h, below 100.
 */
#ifndef CM_POST_ROWS_H
#define CM_POST_ROWS_H

#include <stdint.h>

#define CM_ROW_ASKED_AGAIN 100 /* router: the second ask, as sent */
#define CM_ROW_ORIGINAL 101    /* intake: the demand's bytes, as served */
#define CM_ROW_WAITED 102      /* router: whom the case waits for, as text */

/* The name of a row's kind, for readers; messages included. */
const char *cm_row_name(uint32_t kind);

#endif
