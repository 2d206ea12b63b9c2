#!/bin/bash
# hardened.sh READELF NM FORTIFIED SOFT PROGRAM...: each program was built as CMakeLists.txt says in
# COMITY_HARDENING and COMITY_HARDENED_LINK. FORTIFIED is 0 in builds without an optimizer or with sanitizers.
# SOFT is a program that was built without any of it: each check must find it, or this test itself is broken.
set -euo pipefail

readelf=$1
nm=$2
fortified=$3
soft=$4
shift 4

passed=0
failed=0

check() {
	local what=$1 problem=$2
	if [ -z "$problem" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAILED %s: %s\n' "$what" "$problem"
	fi
}

# What is wrong with a program, a line each.
faults_of() {
	local program=$1 headers segments dynamic symbols
	headers=$("$readelf" -hW "$program")
	segments=$("$readelf" -lW "$program")
	dynamic=$("$readelf" -dW "$program")
	symbols=$("$nm" -D --undefined-only "$program")
	grep -q 'Type: *DYN' <<<"$headers" || echo 'address: it is loaded at a fixed address'
	grep -q 'GNU_RELRO' <<<"$segments" || echo 'relro: its relocations stay writable'
	grep -Eq 'BIND_NOW|NOW' <<<"$dynamic" || echo 'now: its symbols are bound late'
	grep -E 'GNU_STACK' <<<"$segments" | grep -Eq ' RW +0x' || echo 'stack: its stack can be executed'
	grep -Eq 'LOAD.* RWE ' <<<"$segments" && echo 'segment: one can be written and executed'
	grep -Eq 'RPATH|RUNPATH' <<<"$dynamic" && echo 'path: it says itself where libraries are'
	grep -q '__stack_chk_fail' <<<"$symbols" || echo 'protector: nothing watches its stack'
	if [ "$fortified" = 1 ]; then
		grep -Eq '__(v?snprintf|v?fprintf|memcpy|read|pread)_chk' <<<"$symbols" ||
			echo 'fortified: its calls are not checked'
	fi
	return 0
}

for program in "$@"; do
	faults=$(faults_of "$program")
	for kind in address relro now stack segment path protector fortified; do
		check "${program##*/}" "$(grep "^$kind:" <<<"$faults" || true)"
	done
done
check 'the list of programs' "$([ $# -gt 0 ] || echo 'it is empty')"

# The test of the test.
faults=$(faults_of "$soft")
for kind in address relro now stack protector path; do
	check "the soft program: $kind" "$(grep -q "^$kind:" <<<"$faults" || echo 'it was not found')"
done
if [ "$fortified" = 1 ]; then
	check 'the soft program: fortified' "$(grep -q '^fortified:' <<<"$faults" || echo 'it was not found')"
fi

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
