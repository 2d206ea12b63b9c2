#!/bin/sh
# Decode the wire vectors with npm's @msgpack/msgpack.
#
# usage: run.sh <folder to install into> <protocol/README.md>
# Exit 0 or 1 by the vectors; 77 with a reason when this machine has no Node, no npm, or no way to
# get the package.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
install=$1
readme=$2

skip() {
	echo "SKIPPED: $1"
	echo "0 passed, 0 failed"
	exit 77
}

command -v node >/dev/null 2>&1 || skip "node is not installed"
command -v npm >/dev/null 2>&1 || skip "npm is not installed"
major=$(node -p 'process.versions.node.split(".")[0]')
[ "$major" -ge 18 ] || skip "node $major is too old, 18 is needed"

mkdir -p "$install"
# node_modules is made once and again whenever the lock file changes.
if ! cmp -s "$here/package-lock.json" "$install/installed.json"; then
	cp "$here/package.json" "$here/package-lock.json" "$install/"
	rm -f "$install/installed.json"
	if ! (cd "$install" && npm ci --no-audit --no-fund --ignore-scripts) >"$install/npm.log" 2>&1; then
		cat "$install/npm.log"
		grep -Eq 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED' \
			"$install/npm.log" && skip "npm cannot reach a registry"
		echo "FAILED: npm ci"
		echo "0 passed, 1 failed"
		exit 1
	fi
	cp "$here/package-lock.json" "$install/installed.json"
fi
# A module finds its packages beside itself.
cp "$here/decode.mjs" "$install/decode.mjs"
exec node "$install/decode.mjs" "$here" "$readme"
