/*
 * What zone.c and zone_footer.c share. Internal to the zones.
 */
#ifndef CM_CLOCKS_ZONE_INTERNAL_H
#define CM_CLOCKS_ZONE_INTERNAL_H

#include "protocol/clocks/zone.h"

#define CM_SECONDS_A_DAY 86400

/* The offset a footer gives at a moment, and until when. */
struct cm_zone_span cm_zone_footer_at(const struct cm_zone_footer *footer, int64_t at);

/* The day a moment of UTC falls on, held inside the years 1 to 9999. */
struct cm_day cm_second_day(int64_t at);

#endif
