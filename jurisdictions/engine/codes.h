/*
 * Tables of the world: ISO 3166-1 alpha-2 codes, member states of the European Union, and which
 * states are dualist (a treaty binds at home only once a domestic act gives effect to it). Pure
 * data.
 */
#ifndef CM_ENGINE_CODES_H
#define CM_ENGINE_CODES_H

#include <stdbool.h>
#include <stddef.h>

#define CM_COUNTRIES 249 /* codes of ISO 3166-1 alpha-2 */

/* All codes in order of the alphabet. */
extern const char *const cm_countries[CM_COUNTRIES];

/* The index of a code, or -1. Codes are upper case. */
int cm_country_find(const char *code);

/* The code somebody meant who wrote `typed` ("UK", "us", "USA"), or NULL. Two letters are too few
 * for a guess by likeness. */
const char *cm_country_suggest(const char *typed);

bool cm_country_is_eu_member(const char *code);
bool cm_country_is_dualist(const char *code);

#endif
