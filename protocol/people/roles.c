#include "protocol/people/roles.h"

#include <stdio.h>
#include <string.h>

#define BIT(name) CM_DUTY_BIT(CM_DUTY_##name)
#define DESKS (BIT(INTAKE) | BIT(REGIONAL_COUNSEL) | BIT(RELEASE_OFFICER) | BIT(CENTRAL_COUNSEL) | BIT(AUDITOR))

/* clang-format off: one table reads as one table */
static const struct cm_permission permissions[] = {
    {"status", DESKS | BIT(OPERATOR), false, "region, central, router",
        "How a process is doing says nothing of a case."},
    {"list", DESKS, false, "region, central, router",
        "Who works on cases must find them; who runs the machines need not know which there are."},
    {"manifest", DESKS | BIT(OPERATOR), false, "region, central, router",
        "Who belongs to the fleet is no secret in it, and only the root's signature changes it."},
    {"events", DESKS, false, "region, central, router",
        "What has happened, by its headline, is needed at every desk."},
    {"show", DESKS, true, "region, central, router",
        "Nobody can work on a case without reading it; so each reading is recorded."},
    {"replay", BIT(CENTRAL_COUNSEL) | BIT(AUDITOR), true, "router",
        "Whether an outcome follows from its record is asked by those who answer for the whole."},
    {"access", BIT(AUDITOR), false, "region, central, router",
        "Who reads the record of who read what must have no part in what it records."},
    {"file", BIT(INTAKE), false, "region",
        "Who takes a demand in does not decide it, and who decides does not write its facts."},
    {"content", BIT(INTAKE) | BIT(REGIONAL_COUNSEL) | BIT(AUDITOR), true, "region",
        "The order itself is read where it was served, by who works on it; so each reading is recorded."},
    {"destroy", BIT(INTAKE), false, "region",
        "Who took a demand in keeps its bytes, and destroys them when they are no longer needed."},
    {"supersede", BIT(INTAKE), false, "region",
        "A corrected demand is a demand: it is taken in like any other."},
    {"withdraw", BIT(INTAKE), false, "region",
        "The authority withdraws, and intake is the desk that it speaks to."},
    {"override", BIT(REGIONAL_COUNSEL), false, "region",
        "What a rule of a region says is for counsel of that region."},
    {"answer", BIT(REGIONAL_COUNSEL), false, "region",
        "A judgment is counsel's; a fact decides as much as a judgment does."},
    {"retract", BIT(REGIONAL_COUNSEL), false, "region",
        "Only who answers for a finding can stop standing by it."},
    {"recheck", BIT(REGIONAL_COUNSEL), false, "region",
        "To look again may change the finding: that is counsel's to start."},
    {"settle", BIT(CENTRAL_COUNSEL), false, "central",
        "Between two desks that disagree neither is the judge."},
    {"signing", BIT(REGIONAL_COUNSEL) | BIT(RELEASE_OFFICER) | BIT(AUDITOR), true, "region",
        "Who signs must see the very bytes, and who audits must see what was signed."},
    {"sign", BIT(REGIONAL_COUNSEL), false, "region",
        "The first signature under a part is that of counsel of the region that hosts it."},
    {"approve", BIT(REGIONAL_COUNSEL) | BIT(RELEASE_OFFICER), false, "region",
        "The second is another person's: the release officer's where data would leave, else that or "
        "another counsel's."},
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct {
	const char *word;
	const char *title;
	const char *purpose;
} duties[] = {
#define X(name, word, title, purpose) {word, title, purpose},
    CM_DUTIES(X)
#undef X
};

const char *cm_duty_word(enum cm_duty duty)
{
	return duties[duty].word;
}

const char *cm_duty_title(enum cm_duty duty)
{
	return duties[duty].title;
}

const char *cm_duty_purpose(enum cm_duty duty)
{
	return duties[duty].purpose;
}

bool cm_duty_parse(const char *word, enum cm_duty *out)
{
	for (size_t i = 0; i < COUNT(duties); i++)
		if (strcmp(duties[i].word, word) == 0) {
			*out = (enum cm_duty)i;
			return true;
		}
	return false;
}

void cm_duties_print(unsigned set, const char *last, char *out, size_t bytes)
{
	size_t used = 0;
	unsigned left = set & CM_DUTIES_ALL;

	(void)snprintf(out, bytes, "%s", left == 0 ? "nobody" : "");
	for (size_t i = 0; i < COUNT(duties) && used < bytes; i++) {
		unsigned bit = CM_DUTY_BIT(i);
		int wrote;

		if ((left & bit) == 0)
			continue;
		left &= ~bit;
		wrote = snprintf(out + used, bytes - used, "%s%s%s",
		    used == 0 ? "" : left == 0 ? " " : ", ", used != 0 && left == 0 ? last : "",
		    duties[i].title);
		used += wrote > 0 ? (size_t)wrote : 0;
	}
}

const struct cm_permission *cm_permission_at(size_t index)
{
	return index < COUNT(permissions) ? &permissions[index] : NULL;
}

const struct cm_permission *cm_permission_find(const char *op)
{
	for (size_t i = 0; i < COUNT(permissions); i++)
		if (strcmp(permissions[i].op, op) == 0)
			return &permissions[i];
	return NULL;
}
