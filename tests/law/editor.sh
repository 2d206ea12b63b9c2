#!/bin/sh
# The TextMate grammar on every shipped file, with the tokenizer Visual Studio Code uses. Its two packages
# come once, from the registry npm is set up with, into the build folder.
# usage: editor.sh SOURCE-DIR BUILD-DIR; 77: skipped, for the reason printed
set -eu
source=$1
modules=$2/editor-test

for tool in node npm; do
	if ! command -v "$tool" >/dev/null; then
		echo "skipped: $tool is not on this machine"
		exit 77
	fi
done
mkdir -p "$modules"
cp "$source/tests/law/editor/package.json" "$source/tests/law/editor/package-lock.json" "$modules"
if [ ! -f "$modules/complete" ]; then
	if ! (cd "$modules" && npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1); then
		tail -5 "$modules/npm.log"
		echo "skipped: npm could not bring vscode-textmate and vscode-oniguruma"
		exit 77
	fi
	touch "$modules/complete"
fi
exec node "$source/tests/law/editor/editor.mjs" "$source" "$modules"
