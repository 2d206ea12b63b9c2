/*
 * Fixed messages, filled in by hand: what the test vectors of tests/golden/wire are made from.
 */
#ifndef TEST_WIRE_SAMPLES_H
#define TEST_WIRE_SAMPLES_H

#include "protocol/wire/schema.h"

struct sample {
	const char *name; /* of the vector's files */
	const struct cm_schema *schema;
	const void *msg;
};

extern const struct sample samples[];
extern const size_t samples_count;

/* Messages as a newer or less thrifty peer would write them: they decode, but we would write other
 * bytes. Only their .hex is given; the .json is what decoding makes of it. */
struct foreign_sample {
	const char *name;
	const struct cm_schema *schema;
	const char *bytes;
	size_t len;
};

extern const struct foreign_sample foreign_samples[];
extern const size_t foreign_samples_count;

#endif
