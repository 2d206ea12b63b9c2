#include "jurisdictions/engine/codes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/text.h"

const char *const cm_countries[CM_COUNTRIES] = {
    "AD",
    "AE",
    "AF",
    "AG",
    "AI",
    "AL",
    "AM",
    "AO",
    "AQ",
    "AR",
    "AS",
    "AT",
    "AU",
    "AW",
    "AX",
    "AZ",
    "BA",
    "BB",
    "BD",
    "BE",
    "BF",
    "BG",
    "BH",
    "BI",
    "BJ",
    "BL",
    "BM",
    "BN",
    "BO",
    "BQ",
    "BR",
    "BS",
    "BT",
    "BV",
    "BW",
    "BY",
    "BZ",
    "CA",
    "CC",
    "CD",
    "CF",
    "CG",
    "CH",
    "CI",
    "CK",
    "CL",
    "CM",
    "CN",
    "CO",
    "CR",
    "CU",
    "CV",
    "CW",
    "CX",
    "CY",
    "CZ",
    "DE",
    "DJ",
    "DK",
    "DM",
    "DO",
    "DZ",
    "EC",
    "EE",
    "EG",
    "EH",
    "ER",
    "ES",
    "ET",
    "FI",
    "FJ",
    "FK",
    "FM",
    "FO",
    "FR",
    "GA",
    "GB",
    "GD",
    "GE",
    "GF",
    "GG",
    "GH",
    "GI",
    "GL",
    "GM",
    "GN",
    "GP",
    "GQ",
    "GR",
    "GS",
    "GT",
    "GU",
    "GW",
    "GY",
    "HK",
    "HM",
    "HN",
    "HR",
    "HT",
    "HU",
    "ID",
    "IE",
    "IL",
    "IM",
    "IN",
    "IO",
    "IQ",
    "IR",
    "IS",
    "IT",
    "JE",
    "JM",
    "JO",
    "JP",
    "KE",
    "KG",
    "KH",
    "KI",
    "KM",
    "KN",
    "KP",
    "KR",
    "KW",
    "KY",
    "KZ",
    "LA",
    "LB",
    "LC",
    "LI",
    "LK",
    "LR",
    "LS",
    "LT",
    "LU",
    "LV",
    "LY",
    "MA",
    "MC",
    "MD",
    "ME",
    "MF",
    "MG",
    "MH",
    "MK",
    "ML",
    "MM",
    "MN",
    "MO",
    "MP",
    "MQ",
    "MR",
    "MS",
    "MT",
    "MU",
    "MV",
    "MW",
    "MX",
    "MY",
    "MZ",
    "NA",
    "NC",
    "NE",
    "NF",
    "NG",
    "NI",
    "NL",
    "NO",
    "NP",
    "NR",
    "NU",
    "NZ",
    "OM",
    "PA",
    "PE",
    "PF",
    "PG",
    "PH",
    "PK",
    "PL",
    "PM",
    "PN",
    "PR",
    "PS",
    "PT",
    "PW",
    "PY",
    "QA",
    "RE",
    "RO",
    "RS",
    "RU",
    "RW",
    "SA",
    "SB",
    "SC",
    "SD",
    "SE",
    "SG",
    "SH",
    "SI",
    "SJ",
    "SK",
    "SL",
    "SM",
    "SN",
    "SO",
    "SR",
    "SS",
    "ST",
    "SV",
    "SX",
    "SY",
    "SZ",
    "TC",
    "TD",
    "TF",
    "TG",
    "TH",
    "TJ",
    "TK",
    "TL",
    "TM",
    "TN",
    "TO",
    "TR",
    "TT",
    "TV",
    "TW",
    "TZ",
    "UA",
    "UG",
    "UM",
    "US",
    "UY",
    "UZ",
    "VA",
    "VC",
    "VE",
    "VG",
    "VI",
    "VN",
    "VU",
    "WF",
    "WS",
    "YE",
    "YT",
    "ZA",
    "ZM",
    "ZW",
};

/* The 27 since 2020-02-01. Rules older than that name their states themselves. */
static const char *const eu_members[] = {
    "AT",
    "BE",
    "BG",
    "CY",
    "CZ",
    "DE",
    "DK",
    "EE",
    "ES",
    "FI",
    "FR",
    "GR",
    "HR",
    "HU",
    "IE",
    "IT",
    "LT",
    "LU",
    "LV",
    "MT",
    "NL",
    "PL",
    "PT",
    "RO",
    "SE",
    "SI",
    "SK",
};

/*
 * States whose courts apply a treaty only through a domestic act: the United Kingdom and the common
 * law states, and the Nordic states. The United States is counted here because most agreements on
 * data are not self-executing there (18 U.S.C. 2523 gives effect to the executive agreements).
 * Every other state is treated as monist.
 */
static const char *const dualist[] = {
    "AU",
    "CA",
    "DK",
    "FI",
    "GB",
    "IE",
    "IL",
    "IN",
    "NO",
    "NZ",
    "SE",
    "US",
};

static int code_compare(const void *a, const void *b)
{
	return strcmp(a, *(const char *const *)b);
}

static int code_find(const char *code, const char *const *table, size_t count)
{
	const char *const *found = bsearch(code, table, count, sizeof *table, code_compare);

	return found == NULL ? -1 : (int)(found - table);
}

/* Where the codes of each first letter begin; one more at the end. */
static const uint8_t letter_first[27] = {0, 16, 37, 56, 62, 69, 75, 94, 100, 110, 114, 125, 136,
    159, 171, 172, 186, 187, 192, 213, 229, 235, 242, 244, 244, 246, 249};

int cm_country_find(const char *code)
{
	int letter = code[0] - 'A';

	/* Asked of every word of every condition: two letters are compared as such. */
	if (letter < 0 || letter >= 26 || code[1] == 0 || code[2] != 0)
		return -1;
	for (int i = letter_first[letter]; i < letter_first[letter + 1]; i++)
		if (cm_countries[i][1] == code[1])
			return i;
	return -1;
}

const char *cm_country_suggest(const char *typed)
{
	static const char *const habits[][2] = {{"UK", "GB"}, {"ENG", "GB"}, {"EL", "GR"},
	    {"USA", "US"}, {"GBR", "GB"}, {"IRL", "IE"}, {"DEU", "DE"}, {"GER", "DE"},
	    {"FRA", "FR"}, {"CHN", "CN"}, {"RUS", "RU"}, {"SUI", "CH"}};
	int found = -1;

	for (size_t i = 0; i < sizeof habits / sizeof *habits; i++)
		if (cm_text_distance(typed, habits[i][0], 0) == 0)
			return habits[i][1];
	for (int i = 0; i < CM_COUNTRIES && found < 0; i++)
		if (cm_text_distance(typed, cm_countries[i], 0) == 0)
			found = i;
	return found < 0 ? NULL : cm_countries[found];
}

bool cm_country_is_eu_member(const char *code)
{
	return code_find(code, eu_members, sizeof eu_members / sizeof *eu_members) >= 0;
}

bool cm_country_is_dualist(const char *code)
{
	return code_find(code, dualist, sizeof dualist / sizeof *dualist) >= 0;
}
