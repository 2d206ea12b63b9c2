#!/bin/sh
# The Vim syntax on every shipped file: texts, comments, dates, rule ids and effects get their groups.
# usage: editor_vim.sh SOURCE-DIR BUILD-DIR; 77: skipped, for the reason printed
set -eu
source=$1
out=$2/editor-vim.out

if ! command -v vim >/dev/null || ! vim --version | grep -q '+syntax'; then
	echo "skipped: no vim with syntax on this machine"
	exit 77
fi
rm -f "$out"
COMITY_SOURCE=$source COMITY_OUT=$out vim -es -u NONE -i NONE -n -S "$source/tests/law/editor/check.vim" </dev/null >/dev/null 2>&1 ||
	true
if [ ! -f "$out" ]; then
	echo "vim ended before the checks did"
	exit 1
fi
cat "$out"
tail -1 "$out" | grep -q ' 0 failed$'
