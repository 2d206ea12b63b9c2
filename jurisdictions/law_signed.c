#include "jurisdictions/law_signed.h"

#include <string.h>

enum cm_status cm_law_signatures_load(
    const char *path, struct cm_law_signatures *out, struct cm_err *err)
{
	struct cm_law_texts texts;
	enum cm_status status;

	if (!cm_law_signatures_init(out))
		return cm_err_set(err, CM_NO_MEMORY, "no memory for %s", path);
	status = cm_law_texts_read(&path, 1, &texts, err);
	if (status == CM_OK) {
		status = cm_law_signatures_parse(texts.files[0].text, texts.files[0].len, out, err);
		if (status != CM_OK)
			(void)cm_err_wrap(err, "%s", path);
	}
	cm_law_texts_fini(&texts);
	return status;
}

/* A file with rules of that jurisdiction: a person looks there. NULL: it has no rules, as the vocabulary. */
static const char *file_of(const struct cm_law *law, const char *jurisdiction)
{
	for (size_t i = 0; i < cm_law_rule_count(law); i++) {
		const struct cm_rule_info *rule = cm_law_rule(law, i);

		if (strcmp(rule->jurisdiction, jurisdiction) == 0)
			return rule->path;
	}
	return NULL;
}

static enum cm_status check_all(const struct cm_law *law, const struct cm_law_signatures *list,
    const char *path, const struct cm_manifest *manifest, struct cm_wall now, struct cm_err *err)
{
	for (size_t i = 0; i < cm_law_jurisdiction_count(law); i++) {
		uint8_t digest[CM_DIGEST_BYTES];
		const char *name = cm_law_jurisdiction(law, i, digest);
		const char *file = file_of(law, name);
		enum cm_status status =
		    cm_law_signatures_check(list, manifest, name, digest, now.ms, err);

		if (status != CM_OK)
			return cm_err_wrap(err, "%s: %s", path, file != NULL ? file : name);
	}
	return CM_OK;
}

enum cm_status cm_law_signed_check(const struct cm_settings *settings, const struct cm_law *law,
    const struct cm_manifest *manifest, struct cm_wall now, struct cm_err *err)
{
	struct cm_law_signatures list = {NULL, 0};
	struct cm_law *loaded = NULL;
	enum cm_status status = CM_OK;

	if (settings->law_count == 0)
		return CM_OK;
	if (settings->law_signatures[0] == 0)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "%s: law_signatures: missing; a process with a manifest uses law that its signers have signed",
		    settings->path);
	if (law == NULL) {
		status = cm_law_files_load(settings->law, settings->law_count, &loaded, err);
		law = loaded;
	}
	if (status == CM_OK)
		status = cm_law_signatures_load(settings->law_signatures, &list, err);
	if (status == CM_OK)
		status = check_all(law, &list, settings->law_signatures, manifest, now, err);
	cm_law_signatures_fini(&list);
	cm_law_free(loaded);
	return status;
}
