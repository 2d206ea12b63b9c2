#include "protocol/wire/check.h"

#include <stdio.h>

#define PATH_BYTES 256
#define SENTENCE_BYTES 256

/* Spell the path out from its root. Returns how many bytes of `out` are used. */
static size_t print_path(const struct cm_wire_path *path, char out[PATH_BYTES])
{
	size_t used = path->up != NULL ? print_path(path->up, out) : 0;
	const char *dot = path->up != NULL ? "." : "";
	int more;

	if (path->index == CM_WIRE_NO_INDEX)
		more = snprintf(out + used, PATH_BYTES - used, "%s%s", dot, path->name);
	else
		more = snprintf(
		    out + used, PATH_BYTES - used, "%s%s[%zu]", dot, path->name, path->index);
	if (more < 0 || (size_t)more >= PATH_BYTES - used)
		return PATH_BYTES - 1;
	return used + (size_t)more;
}

enum cm_status cm_wire_refuse(const struct cm_wire_path *path, struct cm_err *err,
    enum cm_status status, const char *fmt, ...)
{
	char where[PATH_BYTES];
	char sentence[SENTENCE_BYTES];
	va_list ap;

	if (err == NULL)
		return status;
	va_start(ap, fmt);
	(void)vsnprintf(sentence, sizeof sentence, fmt, ap);
	va_end(ap);
	(void)print_path(path, where);
	return cm_err_set(err, status, "%s: %s", where, sentence);
}

enum cm_status cm_wire_check_length(
    const struct cm_field *field, size_t len, const struct cm_wire_path *path, struct cm_err *err)
{
	if (len == 0 && field->required)
		return cm_wire_refuse(path, err, CM_BAD_INPUT, "must not be empty");
	if (len > field->most)
		return cm_wire_refuse(path, err, CM_TOO_LARGE, "%zu bytes, at most %llu", len,
		    (unsigned long long)field->most);
	if (len != 0 && len < field->least)
		return cm_wire_refuse(path, err, CM_BAD_INPUT, "%zu bytes, at least %llu", len,
		    (unsigned long long)field->least);
	return CM_OK;
}

enum cm_status cm_wire_check_each(
    const struct cm_field *field, size_t len, const struct cm_wire_path *path, struct cm_err *err)
{
	if (len == 0)
		return cm_wire_refuse(path, err, CM_BAD_INPUT, "must not be empty");
	if (len > field->most_each)
		return cm_wire_refuse(
		    path, err, CM_TOO_LARGE, "%zu bytes, at most %zu", len, field->most_each);
	return CM_OK;
}

enum cm_status cm_wire_check_count(
    const struct cm_field *field, size_t count, const struct cm_wire_path *path, struct cm_err *err)
{
	if (count == 0 && field->required)
		return cm_wire_refuse(path, err, CM_BAD_INPUT, "must not be empty");
	if (count > field->most)
		return cm_wire_refuse(path, err, CM_TOO_LARGE, "%zu elements, at most %llu", count,
		    (unsigned long long)field->most);
	return CM_OK;
}

enum cm_status cm_wire_check_number(const struct cm_field *field, uint64_t number,
    const struct cm_wire_path *path, struct cm_err *err)
{
	enum cm_status status = field->refuse != CM_OK ? field->refuse : CM_BAD_INPUT;

	if (number >= field->least && number <= field->most)
		return CM_OK;
	if (field->least == field->most)
		return cm_wire_refuse(path, err, status, "%llu, only %llu is known here",
		    (unsigned long long)number, (unsigned long long)field->least);
	return cm_wire_refuse(path, err, status, "%llu is not from %llu to %llu",
	    (unsigned long long)number, (unsigned long long)field->least,
	    (unsigned long long)field->most);
}
