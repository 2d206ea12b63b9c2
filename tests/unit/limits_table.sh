#!/bin/bash
# limits_table.sh TOP: the table "Limits" of protocol/README.md names every bound of wire/limits.h, each with the
# value its header gives it, and tests that there are.
set -euo pipefail

top=$1
readme=$top/protocol/README.md
passed=0
failed=0

check() {
	if [ -z "$2" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAILED %s: %s\n' "$1" "$2"
	fi
}

# A bound may be told by another.
while read -r name text; do
	declare "$name=$((text))"
done < <(sed -n 's|^#define \(CM_MAX_[A-Z_]*\) *\([^/]*\).*|\1 \2|p' "$top/protocol/wire/limits.h")

# The value of a constant, as its file defines it.
value_of() {
	local text
	text=$(sed -n "s|^#define $1 *\([^/]*\).*|\1|p" "$2")
	[ -n "$text" ] && echo $((text))
}

rows=$(sed -n '/^## Limits/,/^## /p' "$readme" | grep '^| `CM_' || true)
while IFS='|' read -r _ bound value _ file tests _; do
	bound=$(tr -d ' `' <<<"$bound")
	file=$(tr -d ' `' <<<"$file")
	path=$top/protocol/$file
	[ -e "$path" ] || path=$top/$file
	have=$(value_of "$bound" "$path" || true)
	check "$bound" "$([ "$have" = "${value// /}" ] || echo "the table says${value}and $file says $have")"
	for test in $(grep -o '`[a-z_]*/[a-z_0-9]*`' <<<"$tests" | tr -d '`'); do
		found=$(grep -lE "^Test\(${test%%/*}, ${test##*/}[,)]" "$top"/tests/unit/*.c || true)
		check "$bound" "${found:+}$([ -n "$found" ] || echo "there is no test $test")"
	done
done <<<"$rows"
for bound in $(sed -n 's/^#define \(CM_MAX_[A-Z_]*\) .*/\1/p' "$top/protocol/wire/limits.h"); do
	uses=$(grep -rlw "$bound" --include=*.c --include=*.h "$top/protocol" "$top/nodes" "$top/router" |
		grep -v 'wire/limits.h' || true)
	check "$bound" "$([ -n "$uses" ] || echo 'nothing is held against it')"
	check "$bound" "$(grep -q "^| \`$bound\` " <<<"$rows" || echo 'it is not in the table')"
done

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 80 ]
