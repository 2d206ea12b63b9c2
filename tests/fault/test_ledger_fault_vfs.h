/* A file system between SQLite and the real one that fails the Nth write or sync. */
#ifndef TEST_LEDGER_FAULT_VFS_H
#define TEST_LEDGER_FAULT_VFS_H

#include <stdbool.h>
#include <stddef.h>

enum fault_call { FAULT_WRITE, FAULT_SYNC, FAULT_READ, FAULT_TRUNCATE };

/* Make it the default of SQLite. Once. */
void fault_vfs_install(void);

/* Fail the `nth` such call from now with `code` (SQLITE_FULL ...), once or lastingly; 0 ends it. */
void fault_vfs_arm(enum fault_call call, size_t nth, int code, bool is_lasting);

/* Whether it has failed one since. */
bool fault_vfs_has_failed(void);

#endif
