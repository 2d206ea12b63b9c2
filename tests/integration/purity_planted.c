/*
 * Everything a pure core must not do, in one function that nobody calls: the input of purity.sh's
 * test of itself.
 */
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

long purity_planted(void);

long purity_planted(void)
{
	static pthread_mutex_t lock;
	static void *volatile kept; /* or the compiler leaves malloc out */
	struct timespec now;
	char bytes[4];
	long sum = open("/etc/hostname", O_RDONLY);

	sum += read((int)sum, bytes, sizeof bytes);
	sum += socket(AF_INET, SOCK_STREAM, 0);
	sum += clock_gettime(CLOCK_REALTIME, &now);
	sum += getenv("HOME") != NULL;
	sum += getrandom(bytes, sizeof bytes, 0);
	sum += pthread_mutex_lock(&lock);
	sum += puts("outside");
	sum += setlocale(LC_ALL, "") != NULL;
	kept = malloc(4);
	sum += kept != NULL;
	sum += time(NULL);
	return sum + fork();
}
