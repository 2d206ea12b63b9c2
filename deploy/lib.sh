# What deploy/run and deploy/test share: words to the reader, missing packages, the build.
# Sourced by bash, after `set -euo pipefail`. Standard output belongs to the caller's data: all of
# this speaks to standard error.
# shellcheck shell=bash

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cores=$(nproc)

say() {
	printf '%s\n' "$*" >&2
}

die() {
	say "$(basename "$0"): $*"
	exit 1
}

# ---- packages --------------------------------------------------------------------------------

# The packages of these kinds that are not installed, a line each.
missing_packages() {
	local name kind
	while read -r name kind _; do
		case $name in '' | '#'*) continue ;; esac
		case " $* " in *" $kind "*) ;; *) continue ;; esac
		# shellcheck disable=SC2016 # dpkg's own variables
		if [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" != installed ]; then
			printf '%s\n' "$name"
		fi
	done <"$top/deploy/packages.txt"
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		return 1
	fi
}

# Run by root with the package lock held. Looks again: the copy that held the lock before may have
# installed everything.
install_locked() {
	local -a missing
	mapfile -t missing < <(missing_packages "$@")
	[ "${#missing[@]}" -gt 0 ] || return 0
	export DEBIAN_FRONTEND=noninteractive
	apt-get -o Acquire::Retries=3 update &&
		apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=600 install -y \
			--no-install-recommends "${missing[@]}"
}

install_packages() {
	local missing
	missing=$(missing_packages "$@" | tr '\n' ' ')
	[ -n "$missing" ] || return 0
	command -v apt-get >/dev/null || die "please install: $missing"
	say "installing packages: $missing"
	# Two copies take turns, so that one does not find apt's own locks taken.
	# shellcheck disable=SC2016 # expanded by the inner shell
	as_root flock /run/comity-packages.lock bash -c '
		set -euo pipefail
		source "$1"
		shift
		install_locked "$@"' install "$top/deploy/lib.sh" "$@" >&2 ||
		die "cannot install packages; please install them as root: $missing"
}

# ---- the build -------------------------------------------------------------------------------

# Take turns with other copies on a folder below build/. The lock ends with `unlock` or with us.
lock() {
	mkdir -p "$top/build"
	exec 9>"$top/build/$1.lock"
	if ! flock -n 9; then
		say "another copy works in build/$1: waiting for it"
		flock 9
	fi
}

unlock() {
	exec 9>&-
}

# build NAME CMAKE-ARGUMENT... [-- TARGET...]: configure and build these, or everything, in build/NAME.
build() {
	local dir=$top/build/$1 log=$top/build/$1.log
	local -a arguments=()
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		arguments+=("$1")
		shift
	done
	[ $# -eq 0 ] || shift
	# A checkout that was moved or copied brings a cache that names its old place.
	if [ -f "$dir/CMakeCache.txt" ] &&
		! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$top" "$dir/CMakeCache.txt"; then
		rm -rf "$dir"
	fi
	say "building in build/$(basename "$dir")"
	if ! { cmake -S "$top" -B "$dir" -G Ninja "${arguments[@]}" && ninja -C "$dir" -j "$cores" "$@"; } \
		>"$log" 2>&1 9>&-; then
		tail -n 60 "$log" >&2
		say "the build failed; its whole output is in $log"
		return 1
	fi
}
