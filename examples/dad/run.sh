#!/bin/sh
# SPDX-License-Identifier: MIT
# Run the correct DAD driver, then each broken one, on every machine and guard that its list names, and compare what is
# reported with the list. Usage: run.sh DIRECTORY-OF-THE-BUILT-EXAMPLES
#
# A variant is a patch against dad.c. Its head lists: the rule it breaks; the lines that acted and mapped, each as
# "function: text of the line"; the first wrong byte and the number of bytes; the machines; the guards that can see it
# (on the others, and on the machines under "silent", nothing may be reported).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
built=${1:?usage: run.sh DIRECTORY-OF-THE-BUILT-EXAMPLES}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
runs=0 failed=0

field() { # NAME FILE: the value of a line "NAME: value" in the head of a patch
	sed -n '/^---/q; s/^'"$1"': *//p' "$2"
}

# FUNCTION: TEXT in SOURCE -> FUNCTION:LINE of the first line with TEXT at or after the function's start.
place() {
	awk -v want="$1" '
		BEGIN { at = index(want, ": "); f = substr(want, 1, at - 1); text = substr(want, at + 2) }
		/^[a-z]/ && index($0, f "(") && !/;$/ { inside = 1 }
		inside && index($0, text) { print f ":" NR; found = 1; exit }
		END { if (!found) exit 1 }' "$2" || { echo "no line '$1' in $2" >&2; exit 2; }
}

try() { # SHOW NAME ARGUMENTS...: run, count, show the report or only a failure
	show=$1 name=$2
	shift 2
	runs=$((runs + 1))
	if "$built/dad_$name" "$@" >"$log" 2>&1; then
		[ "$show" = yes ] && cat "$log"
		return 0
	fi
	failed=$((failed + 1))
	echo "FAILED: dad_$name $*"
	cat "$log"
}

echo "== the correct driver: nothing may be reported"
for machine in pc pc-swiotlb worst pc,bank=0x100000000:256M worst,bus_offset=0x180000000 pc,chaos=on,seed=3 \
	pc-swiotlb,chaos=on,seed=4 worst,seed=2; do
	for guard in api snapshot instrument snapshot+instrument; do
		try no ok --machine "$machine,guard=$guard"
	done
done
# The board with 24 address lines: worst has no memory for it, and the driver says so. Bounce buffers lie beyond them.
for machine in pc worst; do
	try no ok --machine "$machine" --board 24
done
echo "   $runs runs"

for patch in "$here"/broken/*.patch; do
	name=$(basename "$patch" .patch)
	source=$built/variants/$name.c
	rule=$(field rule "$patch")
	guards=$(field guards "$patch")
	set --
	for option in scenario board fail; do
		value=$(field $option "$patch")
		[ -n "$value" ] && set -- "$@" "--$option" "$value"
	done
	expect="--expect $rule"
	for option in count offset size; do
		value=$(field $option "$patch")
		[ -n "$value" ] && expect="$expect --$option $value"
	done
	value=$(field mapped "$patch")
	[ -n "$value" ] && expect="$expect --mapped $(place "$value" "$source")"
	act=$(field act "$patch")
	[ -n "$act" ] && act="--act $(place "$act" "$source")"

	echo
	echo "== $name: $rule (guards: $guards)"
	sed '/^$/q; s/^/   /' "$patch"
	show=yes
	for machine in $(field machines "$patch"); do
		for guard in instrument snapshot api; do
			case " $guards " in
			*" $guard "*)
				# A comparison of contents finds that the CPU wrote, and between when; not which line did.
				case $guard-$rule in
				snapshot-cpu-write-*) line="--act ?:0" ;;
				*) line=$act ;;
				esac
				try $show "$name" --machine "$machine,guard=$guard" "$@" $expect $line
				show=no
				;;
			*)
				try no "$name" --machine "$machine,guard=$guard" "$@" --expect none
				;;
			esac
		done
	done
	for machine in $(field silent "$patch"); do
		try no "$name" --machine "$machine" "$@" --expect none
	done
done

echo
echo "dad: $runs runs, $failed failed"
[ "$failed" = 0 ]
