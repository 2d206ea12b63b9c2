/*
 * A program of the kind that is easy to attack, built with nothing of what the project's programs are built
 * with: the input of hardened.sh's test of itself.
 */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	char text[16];

	for (int i = 0; i < argc; i++) {
		(void)snprintf(text, sizeof text, "%s", argv[i]);
		(void)printf("%zu\n", strlen(text));
	}
	return 0;
}
