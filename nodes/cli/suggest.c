#include "nodes/cli/suggest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "protocol/base/text.h"

#define CM_MAX_WORDS 128 /* commands of a program, options of a command */
#define LIST_BYTES 256
#define WORD_BYTES 64

void cm_list_print(const char *const *words, char *out, size_t bytes)
{
	size_t used = 0;

	out[0] = 0;
	for (size_t i = 0; words[i] != NULL; i++) {
		const char *between = i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ";
		int more = snprintf(out + used, bytes - used, "%s%s", between, words[i]);

		if (more < 0 || (size_t)more >= bytes - used)
			return;
		used += (size_t)more;
	}
}

static enum cm_status say(
    struct cm_err *err, const char *sentence, const char *before, const char *meant)
{
	if (meant == NULL)
		return cm_err_set(err, CM_BAD_INPUT, "%s", sentence);
	return cm_err_set(err, CM_BAD_INPUT, "%s; did you mean '%s%s'?", sentence, before, meant);
}

static enum cm_status say_words(
    struct cm_err *err, const char *sentence, const char *typed, const char *const *words)
{
	char list[LIST_BYTES];
	char whole[CM_ERR_TEXT_BYTES];
	size_t count = 0;

	while (words[count] != NULL)
		count++;
	cm_list_print(words, list, sizeof list);
	(void)snprintf(whole, sizeof whole, "%s: %s", sentence, list);
	return say(err, whole, "", cm_text_suggest(typed, words, count));
}

enum cm_status cm_say_choice(const struct cm_opt_spec *spec, const char *text, struct cm_err *err)
{
	char sentence[LIST_BYTES];

	(void)snprintf(
	    sentence, sizeof sentence, "'%.*s' is no value of --%s", WORD_BYTES, text, spec->name);
	return say_words(err, sentence, text, spec->choices);
}

enum cm_status cm_say_argument(const struct cm_arg_spec *spec, const char *text, struct cm_err *err)
{
	char sentence[LIST_BYTES];

	(void)snprintf(sentence, sizeof sentence, "'%.*s' is no %s", WORD_BYTES, text, spec->name);
	return say_words(err, sentence, text, spec->choices);
}

enum cm_status cm_say_count(const struct cm_opt_spec *spec, const char *text, struct cm_err *err)
{
	if (spec->most == 0)
		return cm_err_set(err, CM_BAD_INPUT,
		    "--%s takes a whole number from %" PRIu64 ", not '%.*s'", spec->name,
		    spec->least, WORD_BYTES, text);
	return cm_err_set(err, CM_BAD_INPUT,
	    "--%s takes a whole number from %" PRIu64 " to %" PRIu64 ", not '%.*s'", spec->name,
	    spec->least, spec->most, WORD_BYTES, text);
}

/* Where an option the program knows belongs, if it is not here. */
static const struct cm_command *owner_of(const struct cm_program *program, const char *name)
{
	for (size_t i = 0; program->commands[i] != NULL; i++) {
		const struct cm_opt_spec *spec = program->commands[i]->options;

		for (; spec != NULL && spec->name != NULL; spec++)
			if (strcmp(spec->name, name) == 0)
				return program->commands[i];
	}
	return NULL;
}

static void print_place(const struct cm_cli *cli, char *out, size_t bytes)
{
	const char *more = cli->command != NULL ? cli->command->name : cli->group;

	(void)snprintf(out, bytes, "%s%s%s", cli->program->name, more != NULL ? " " : "",
	    more != NULL ? more : "");
}

/* getopt_long takes the beginning of a name for the name: two of them match. */
static bool is_ambiguous(const struct cm_cli *cli, const char *name, struct cm_err *err)
{
	const char *found[4] = {NULL};
	char list[LIST_BYTES];
	size_t count = 0;

	for (size_t i = 0; i < cli->value_count && count < 3; i++)
		if (strncmp(cli->values[i].spec->name, name, strlen(name)) == 0)
			found[count++] = cli->values[i].spec->name;
	if (*name == 0 || count < 2)
		return false;
	cm_list_print(found, list, sizeof list);
	(void)cm_err_set(err, CM_BAD_INPUT, "'--%s' can mean more than one option: %s", name, list);
	return true;
}

enum cm_status cm_say_option(
    const struct cm_cli *cli, int letter, const char *word, struct cm_err *err)
{
	const char *names[CM_MAX_CLI_OPTIONS];
	char name[WORD_BYTES];
	char place[WORD_BYTES];
	char sentence[LIST_BYTES];
	const struct cm_command *owner;

	print_place(cli, place, sizeof place);
	if (letter != 0)
		return cm_err_set(err, CM_BAD_INPUT, "'-%c' is no option of '%s'", letter, place);
	while (*word == '-')
		word++;
	(void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
	if (is_ambiguous(cli, name, err))
		return CM_BAD_INPUT;
	(void)snprintf(sentence, sizeof sentence, "'--%s' is no option of '%s'", name, place);
	owner = owner_of(cli->program, name);
	if (owner != NULL && cli->command == NULL)
		return cm_err_set(err, CM_BAD_INPUT, "%s: it goes behind '%s %s'", sentence,
		    cli->program->name, owner->name);
	for (size_t i = 0; i < cli->value_count; i++)
		names[i] = cli->values[i].spec->name;
	return say(err, sentence, "--", cm_text_suggest(name, names, cli->value_count));
}

/* The words that may stand here, each once: first words, or the second words of a group. */
static size_t words_here(const struct cm_program *program, const char *group,
    char words[][WORD_BYTES], const char **pointers)
{
	size_t count = 0;

	for (size_t i = 0; program->commands[i] != NULL && count < CM_MAX_WORDS; i++) {
		const char *name = program->commands[i]->name;

		if (group != NULL && !cm_command_is_in(program->commands[i], group))
			continue;
		if (group != NULL)
			name += strlen(group) + 1;
		(void)snprintf(words[count], WORD_BYTES, "%.*s", (int)strcspn(name, " "), name);
		if (count > 0 && strcmp(words[count - 1], words[count]) == 0)
			continue;
		pointers[count] = words[count];
		count++;
	}
	pointers[count] = NULL;
	return count;
}

enum cm_status cm_say_command(
    const struct cm_program *program, const char *group, const char *word, struct cm_err *err)
{
	char words[CM_MAX_WORDS][WORD_BYTES];
	const char *pointers[CM_MAX_WORDS + 1];
	char sentence[LIST_BYTES];
	char before[WORD_BYTES] = "";
	size_t count = words_here(program, group, words, pointers);
	const char *meant = cm_text_suggest(word, pointers, count);

	if (group != NULL)
		(void)snprintf(before, sizeof before, "%s ", group);
	(void)snprintf(
	    sentence, sizeof sentence, "there is no command '%s%.*s'", before, WORD_BYTES, word);
	/* Somebody remembers the second word only. */
	for (size_t i = 0; group == NULL && meant == NULL && program->commands[i] != NULL; i++) {
		const char *second = strchr(program->commands[i]->name, ' ');

		if (second != NULL && strcmp(second + 1, word) == 0)
			meant = program->commands[i]->name;
	}
	return say(err, sentence, before, meant);
}

enum cm_status cm_say_group(const struct cm_program *program, const char *group, struct cm_err *err)
{
	char words[CM_MAX_WORDS][WORD_BYTES];
	const char *pointers[CM_MAX_WORDS + 1];
	char list[LIST_BYTES];

	(void)words_here(program, group, words, pointers);
	cm_list_print(pointers, list, sizeof list);
	return cm_err_set(
	    err, CM_BAD_INPUT, "say what '%s %s' is to do: %s", program->name, group, list);
}
