/*
 * Stands in for comity-router and comity-node in the tests of the fleet launcher: reads its
 * configuration, makes a socket at its address, says that it is ready, waits to be ended. The
 * environment variable CM_FAKE makes one of them misbehave: "ie:die", "ie:mute", "ie:stubborn",
 * "ie:sour" (exits with 9 when it is stopped).
 */
#include <getopt.h>
#include <libconfig.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *behaviour(const char *name)
{
	const char *fake = getenv("CM_FAKE");
	size_t len = strlen(name);

	if (fake == NULL || strncmp(fake, name, len) != 0 || fake[len] != ':')
		return "";
	return fake + len + 1;
}

static int make_socket(const char *address)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (strncmp(address, "ipc://", 6) != 0 || strlen(address + 6) >= sizeof at.sun_path)
		return -1;
	(void)strcpy(at.sun_path, address + 6);
	(void)unlink(at.sun_path); /* left by a predecessor that was killed */
	return bind(fd, (const struct sockaddr *)&at, sizeof at);
}

/* Serve as the configuration says; the exit status. */
static int serve(const char *name, const char *address, int ready_fd)
{
	const char *how = behaviour(name);
	sigset_t signals;
	int caught;

	(void)fprintf(stderr, "hello from %s\n", name);
	if (strcmp(how, "die") == 0) {
		(void)fprintf(stderr, "cannot read the rules: \x1b[31mline 7\n");
		return 3;
	}
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	if (make_socket(address) != 0)
		return 4;
	/* Whoever started it may be gone, which the daemons outlive too (protocol/post/daemon.c). */
	(void)signal(SIGPIPE, SIG_IGN);
	if (strcmp(how, "mute") != 0)
		(void)!write(ready_fd, "R", 1);
	do
		(void)sigwait(&signals, &caught);
	while (strcmp(how, "stubborn") == 0);
	return strcmp(how, "sour") == 0 ? 9 : 0;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {{"ready-fd", required_argument, NULL, 'r'}, {0}};
	const char *config_path = NULL;
	const char *name = NULL;
	const char *address = NULL;
	config_t config;
	int ready_fd = -1;
	int status = 2;

	for (int code; (code = getopt_long(argc, argv, "c:", longs, NULL)) != -1;) {
		if (code == 'c')
			config_path = optarg;
		else if (code == 'r')
			ready_fd = atoi(optarg);
	}
	config_init(&config);
	if (config_path != NULL && config_read_file(&config, config_path) == CONFIG_TRUE &&
	    config_lookup_string(&config, "name", &name) == CONFIG_TRUE &&
	    config_lookup_string(&config, "listen", &address) == CONFIG_TRUE)
		status = serve(name, address, ready_fd);
	config_destroy(&config);
	return status;
}
