#!/bin/bash
# security_names.sh CTEST BUILD SECURITY.md: every test that the threat model names is one, and so is every fuzz
# target's replay.
set -euo pipefail

ctest=$1
build=$2
model=$3
passed=0
failed=0

tests=$("$ctest" --test-dir "$build" -N | sed -n 's/^ *Test *#[0-9]*: //p')

check() {
	if grep -qx "$1" <<<"$tests"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAILED: there is no test %s\n' "$1"
	fi
}

for name in $(grep '^| shown by |' "$model" | grep -o '`[a-z_0-9]*`' | tr -d '`' | sort -u); do
	check "$name"
done
# The fuzz targets: the third column of the table under "Hostile input".
for name in $(sed -n '/^## Hostile input/,/^## /p' "$model" | awk -F'|' 'NF == 6 { print $4 }' |
	grep -o '`[a-z_0-9]*`' | tr -d '`' | sort -u); do
	check "replay_$name"
done

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 40 ]
