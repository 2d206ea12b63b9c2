/* Writes the 100 rules as branches of C: the first floor. Run by the build. */
#include <stdio.h>

#include "tests/bench/rules.h"

static void rule_write(const struct cm_law *law, const int8_t dense[512], size_t rule, FILE *file)
{
	struct cm_buf text;

	cm_buf_init(&text, 0);
	bench_rule_print(law, dense, rule, BENCH_C, &text);
	(void)fprintf(file, "\tif (%s)\n\t\th%zu |= 0x%llxull;\n", cm_buf_str(&text), rule / 64,
	    1ull << (rule % 64));
	cm_buf_fini(&text);
}

int main(int argc, char **argv)
{
	FILE *file = argc == 2 ? fopen(argv[1], "wb") : NULL;
	int8_t dense[512];
	struct cm_law *law = bench_law_load(dense);

	if (file == NULL)
		bench_die("usage: rules_gen FILE");
	(void)fputs("#include \"tests/bench/rules.h\"\n\nstruct bench_answer bench_branches(const "
		    "int64_t *v)\n{\n\tuint64_t h0 = 0;\n\tuint64_t h1 = 0;\n\n",
	    file);
	for (size_t i = 0; i < cm_law_rule_count(law); i++)
		rule_write(law, dense, i, file);
	for (size_t i = 0; i < law->contested_count; i++) {
		size_t rule = law->contested[i];
		struct bench_answer by = bench_defeaters(law, rule);

		(void)fprintf(file,
		    "\tif (((h0 & 0x%llxull) | (h1 & 0x%llxull)) != 0)\n\t\th%zu &= ~0x%llxull;\n",
		    (unsigned long long)by.bits[0], (unsigned long long)by.bits[1], rule / 64,
		    1ull << (rule % 64));
	}
	(void)fputs("\treturn (struct bench_answer){{h0, h1}};\n}\n", file);
	cm_law_free(law);
	return fclose(file) == 0 ? 0 : 1;
}
