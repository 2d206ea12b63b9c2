/*
 * Files of law read from the source tree, for tests that take whatever is there.
 */
#ifndef LAW_SHELF_H
#define LAW_SHELF_H

#include "jurisdictions/engine/engine.h"

#define LAW_SHELF_MOST 128

struct law_shelf {
	struct cm_buf bufs[LAW_SHELF_MOST];       /* owned */
	struct cm_law_file files[LAW_SHELF_MOST]; /* borrow from bufs and paths */
	char paths[LAW_SHELF_MOST][256];          /* below the source tree */
	size_t count;
};

void law_shelf_init(struct law_shelf *shelf);
void law_shelf_fini(struct law_shelf *shelf);

/* Add the files of a folder whose names match. At least one must. */
void law_shelf_add(struct law_shelf *shelf, const char *folder, const char *pattern);

/* Add all the law that is shipped. */
void law_shelf_shipped(struct law_shelf *shelf);

#endif
