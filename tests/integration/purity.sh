#!/bin/bash
# purity.sh NM LIST PLANTED: no pure core reaches for the world.
#
# LIST has a line "name<TAB>static library" for each. A library is pure if none of its undefined
# symbols is on the list below: files, sockets, clocks, dice, threads, processes, environment,
# locale, terminals, and the libraries that do such things. Memory is asked for by cm_base alone.
# PLANTED is a library that breaks every rule: each of its calls must be found, or this test itself
# is broken.
set -euo pipefail

nm=$1
list=$2
planted=$3

passed=0
failed=0

# Patterns of bash's case, on names without the underscores and suffixes that the C library adds.
is_forbidden() {
	case $1 in
	# files and descriptors
	open | openat | creat | close | read | write | pread | pwrite | readv | writev | lseek) ;;
	fsync | fdatasync | ftruncate | truncate | stat | fstat | lstat | fstatat | access) ;;
	unlink | unlinkat | rename | renameat | link | symlink | readlink | mkdir | rmdir | chmod) ;;
	chown | opendir | readdir | scandir | glob | mkstemp | mkdtemp | tmpfile | realpath) ;;
	mmap | munmap | msync | fcntl | ioctl | dup | dup2 | dup3 | pipe | pipe2 | flock | chdir) ;;
	poll | ppoll | select | pselect | epoll_* | eventfd* | signalfd* | timerfd_* | inotify_*) ;;
	# streams
	fopen | fdopen | freopen | fclose | fread | fwrite | fflush | fseek | ftell | fputs) ;;
	fputc | putc | putchar | puts | fgets | fgetc | getc | getchar | getline | ungetc) ;;
	printf | fprintf | vprintf | vfprintf | dprintf | vdprintf | perror | scanf | fscanf) ;;
	open_memstream | fmemopen | stdin | stdout | stderr | popen | pclose | setvbuf) ;;
	# the network
	socket | socketpair | bind | listen | accept | accept4 | connect | send | sendto) ;;
	sendmsg | recv | recvfrom | recvmsg | shutdown | getaddrinfo | gethostby* | getsockopt) ;;
	setsockopt | getsockname | getpeername | if_*) ;;
	# clocks
	time | clock | clock_* | gettimeofday | localtime* | gmtime* | mktime | ctime* | asctime*) ;;
	strftime | strptime | tzset | timer_* | sleep | usleep | nanosleep | alarm | setitimer) ;;
	# dice
	rand | rand_r | srand | random | srandom | drand48 | lrand48 | getrandom | getentropy) ;;
	arc4random*) ;;
	# threads and processes
	pthread_* | thrd_* | mtx_* | cnd_* | tss_* | sem_* | fork | vfork | clone | exec* | fexecve) ;;
	posix_spawn* | system | wait | waitpid | kill | raise | signal | sigaction | sigprocmask) ;;
	exit | _exit | quick_exit | atexit | getpid | getppid | gettid | getuid | geteuid) ;;
	syscall | prctl | setrlimit | getrlimit | dlopen | dlsym) ;;
	# what differs from machine to machine
	getenv | secure_getenv | setenv | putenv | unsetenv | environ | setlocale | uselocale) ;;
	newlocale | localeconv | nl_langinfo | uname | gethostname | sysconf | getcwd | isatty) ;;
	getpw* | getgr* | syslog | openlog) ;;
	# libraries of the world; libsodium's hash stays allowed, it is a function of its input
	uv_* | nng_* | nni_* | nn_* | sqlite3_* | config_* | json_* | mbedtls_* | SSL_*) ;;
	randombytes_* | sodium_init | sodium_m*lock | sodium_malloc | sodium_allocarray) ;;
	*) return 1 ;;
	esac
}

is_memory() {
	case $1 in
	malloc | calloc | realloc | reallocarray | free | aligned_alloc | posix_memalign) ;;
	memalign | strdup | strndup | asprintf | vasprintf | sbrk | brk) ;;
	*) return 1 ;;
	esac
}

# "__fprintf_chk@GLIBC_2.3.4" is fprintf, "__isoc99_scanf" scanf, "open64" open.
plain_name() {
	local name=${1%%@*}
	name=${name#__isoc99_}
	name=${name#__isoc23_}
	case $name in __*_chk) name=${name#__} name=${name%_chk} ;; esac
	case $name in *64) name=${name%64} ;; esac
	printf '%s\n' "$name"
}

# The forbidden symbols of a library, a line each.
forbidden_of() {
	local target=$1 library=$2 symbol name
	local symbols
	symbols=$("$nm" -u "$library" | awk 'NF == 2 && $1 == "U" { print $2 }' | sort -u)
	for symbol in $symbols; do
		case $symbol in __asan_* | __ubsan_* | __gcov_* | __sanitizer_* | llvm_*) continue ;; esac
		name=$(plain_name "$symbol")
		if is_forbidden "$name" || { is_memory "$name" && [ "$target" != cm_base ]; }; then
			printf '%s\n' "$symbol"
		fi
	done
}

check() {
	local what=$1 problem=$2
	if [ -z "$problem" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAILED %s: %s\n' "$what" "$problem"
	fi
}

while IFS=$'\t' read -r target library; do
	found=$(forbidden_of "$target" "$library" | tr '\n' ' ')
	check "$target" "${found:+reaches for the world: $found}"
done <"$list"
check 'the list of pure targets' "$([ -s "$list" ] || echo 'it is empty')"

# The test of the test.
found=$(forbidden_of planted "$planted")
for call in open read socket clock_gettime getenv getrandom pthread_mutex_lock puts setlocale \
	malloc time fork; do
	check "the planted call of $call" \
		"$(grep -Eq "^(__)?$call(64|_chk|_2)?\$" <<<"$found" || echo 'it was not found')"
done
check 'memory in cm_base' \
	"$(forbidden_of cm_base "$planted" | grep -x malloc | sed 's/.*/malloc is allowed there/')"

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
