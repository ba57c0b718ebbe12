#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The shared library exports what the headers declare and nothing else: symbols.sh LIBRARY SOURCE-ROOT
set -eu

library=$1 root=$2
status=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

nm -D --defined-only "$library" | awk '{ print $3 }' | sort -u >"$dir/exported"
# Declarations begin with DMASIM_API and name the function on the same line or the next; lookalikes carry DMASIM_SYM.
{
	find "$root/include" -name '*.h' -exec awk '
		/^DMASIM_API/ { line = $0; if (line !~ /\(/) { getline; line = line $0 }
			if (match(line, /dmasim_[a-z0-9_]+\(/)) print substr(line, RSTART, RLENGTH - 1) }' {} +
	find "$root/include" -name '*.h' -exec grep -ho 'DMASIM_SYM([a-z0-9_A-Z]*)' {} + |
		sed -n 's/DMASIM_SYM(\(.*\))/dmasim_k_\1/p' | grep -v '^dmasim_k_name$'
} | sort -u >"$dir/declared"

if grep -v '^dmasim_' "$dir/exported"; then
	echo "^ exported, but do not begin with dmasim_"
	status=1
fi
# dmasim_instrument_attach is the runtime's; the rest is declared for users.
comm -23 "$dir/exported" "$dir/declared" >"$dir/extra"
if [ -s "$dir/extra" ]; then
	cat "$dir/extra"
	echo "^ exported, but no public header declares them"
	status=1
fi
comm -13 "$dir/exported" "$dir/declared" >"$dir/missing"
if [ -s "$dir/missing" ]; then
	cat "$dir/missing"
	echo "^ declared in a public header, but not exported"
	status=1
fi
echo "$(wc -l <"$dir/exported") symbols"
exit $status
