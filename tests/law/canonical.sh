#!/bin/sh
# The law that is shipped stands in the one layout. What does not is named by file and line.
# usage: canonical.sh COMITY LAW-DIR
if "$1" rules fmt --check --law "$2"; then
	echo "1 passed, 0 failed"
else
	echo "0 passed, 1 failed"
	exit 1
fi
