#include "tests/bench/residency_gen.h"

#include <inttypes.h>

#define HEADER                                                                                     \
	"account,category,region,since,until,customer_kind,customer_seat,nationality,residence,"   \
	"us_person,target_location,key_custody,service_kind,personal_data,notify\n"
#define MOVE_DAY "2024-03-02"
#define TURN_EVERY 100 /* one row in a hundred changes */
#define TURN_AT 7      /* always a person's */

const char *const gen_regions[2] = {"ie", "de"};

enum gen_kind gen_kind_of(uint64_t number)
{
	return number % GEN_CYCLE < GEN_PERSON ? (enum gen_kind)(number % GEN_CYCLE) : GEN_PERSON;
}

bool gen_is_turned(uint64_t number)
{
	return number % TURN_EVERY == TURN_AT;
}

void gen_account(uint64_t number, char out[GEN_ACCOUNT_BYTES])
{
	switch (gen_kind_of(number)) {
	case GEN_TENANT:
		(void)snprintf(out, GEN_ACCOUNT_BYTES, "anybody@tenant%" PRIu64 ".example", number);
		return;
	case GEN_STAFF:
		(void)snprintf(out, GEN_ACCOUNT_BYTES, "staff@tenant%" PRIu64 ".example", number - 4);
		return;
	case GEN_SPLIT:
	case GEN_LEFT:
	case GEN_CAME:
	case GEN_PERSON:
		break;
	}
	(void)snprintf(out, GEN_ACCOUNT_BYTES, "person%" PRIu64 "@mail%" PRIu64 ".example", number,
	    number % 7);
}

void gen_stranger(uint64_t number, char out[GEN_ACCOUNT_BYTES])
{
	(void)snprintf(out, GEN_ACCOUNT_BYTES, "stranger%" PRIu64 "@elsewhere.example", number);
}

bool gen_is_at(uint64_t number, enum gen_map map, bool is_subscriber, bool is_after_move)
{
	bool is_here = true;

	switch (gen_kind_of(number)) {
	case GEN_SPLIT:
		is_here = !is_subscriber;
		break;
	case GEN_LEFT:
		is_here = !is_after_move;
		break;
	case GEN_CAME:
		is_here = is_after_move;
		break;
	case GEN_TENANT:
	case GEN_STAFF:
	case GEN_PERSON:
		return map == GEN_HERE;
	}
	return is_here == (map == GEN_HERE);
}

const char *gen_customer(uint64_t number, bool is_changed)
{
	switch (gen_kind_of(number)) {
	case GEN_TENANT:
		return "enterprise";
	case GEN_STAFF:
		return "public_sector";
	case GEN_SPLIT:
	case GEN_LEFT:
	case GEN_CAME:
	case GEN_PERSON:
		break;
	}
	return is_changed && gen_is_turned(number) ? "privileged" : "consumer";
}

static void write_row(FILE *out, enum gen_map map, uint64_t number, bool is_changed)
{
	static const char *const seats[] = {"IE", "DE", "FR", "US", "GB", "NL", "ES"};
	enum gen_kind kind = gen_kind_of(number);
	bool has_left = kind == (map == GEN_HERE ? GEN_LEFT : GEN_CAME);
	bool has_come = kind == (map == GEN_HERE ? GEN_CAME : GEN_LEFT);
	const char *category = "*";
	const char *seat = seats[number % 7];
	char account[GEN_ACCOUNT_BYTES];

	if (kind == GEN_TENANT)
		(void)snprintf(account, sizeof account, "@tenant%" PRIu64 ".example", number);
	else
		gen_account(number, account);
	if (kind == GEN_SPLIT)
		category = map == GEN_HERE ? "content" : "subscriber";
	(void)fprintf(out, "%s,%s,%s,%s,%s,%s,%s,,%s,no,%s,provider,ecs,yes,\n", account, category,
	    gen_regions[map], has_come ? MOVE_DAY : "2019-04-02", has_left ? MOVE_DAY : "",
	    gen_customer(number, is_changed), seat, seat, seat);
}

static bool is_in_file(uint64_t number, enum gen_map map)
{
	enum gen_kind kind = gen_kind_of(number);

	return map == GEN_HERE || kind == GEN_SPLIT || kind == GEN_LEFT || kind == GEN_CAME;
}

uint64_t gen_write(FILE *out, enum gen_map map, uint64_t accounts, bool only_turned)
{
	uint64_t rows = 0;

	(void)fputs(HEADER, out);
	for (uint64_t number = 0; number < accounts; number++) {
		if (!is_in_file(number, map) || (only_turned && !gen_is_turned(number)))
			continue;
		write_row(out, map, number, only_turned);
		rows++;
	}
	return rows;
}
