#!/bin/sh
# SPDX-License-Identifier: MIT
# Are the rule pages (docs/rules) true? Their code is compiled, instrumented, and run.
#
#   pages.sh BUILD/tests/rules/pages.env [--update] [RULE...]
#
# The first ```c block after "## Wrong" must report the page's rule, once and alone, in the words of the page's first ```
# block after it; --update writes what it really says into the page instead. The first ```c block after "## Right" must
# report nothing. Each rule has a page, each page a rule, with the title and the references of its row in rules.def; the
# index (README.md) lists exactly the catalogue, in its order and words.
#
# A block defines "void example(struct device *dev)"; whatever else it defines is static; the headers of
# pages/prologue.h are included. The device has a mask of 32 bits.
#
# Comments at the top of a page change how it is run:
#   <!-- machine: SPEC -->    on this machine instead of worst (lints: with lint=on)
#   <!-- run: ends -->        the wrong code does not return: the library, or a fault after the report, ends the process
#   <!-- not run: REASON -->  not shown by running: only compiled, and needs no report
#
# Not compared: addresses, times, lines and directories of other files than the page's own (example.c), and the callers
# below frames of the library: how many fit into a stack depends on how the library was optimised.
set -u

env=${1:?usage: pages.sh BUILD/tests/rules/pages.env [--update] [RULE...]}
shift
# CC CFLAGS INSTRUMENT LINK, of the build
# shellcheck source=/dev/null
. "$env"
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
update=no
[ "${1-}" != --update ] || { update=yes; shift; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() {
	echo "FAILED: $*"
	failed=$((failed + 1))
}

# The table of the index, a row a rule.
index() {
	awk -F '"' '/^RULE\(/ {
		split($1, head, /[(,] */)
		gsub("_", "-", head[2])
		family = tolower(head[3])
		gsub("_", "-", family)
		printf "| [%s](%s.md) | %s | %s | %s |\n", head[2], head[2], $2, family, tolower(head[4])
	}' "$root/lib/check/rules.def" >"$work/index.want"
	grep '^| \[' "$root/docs/rules/README.md" >"$work/index.have"
	cmp -s "$work/index.want" "$work/index.have" && return
	if [ "$update" = yes ]; then
		awk -v rows="$work/index.want" '
			/^\| \[/ { next }
			{ print }
			/^\| *---/ { while ((getline line < rows) > 0) print line }
		' "$root/docs/rules/README.md" >"$work/index" && cat "$work/index" >"$root/docs/rules/README.md"
		echo "updated README.md"
	else
		fail "docs/rules/README.md does not list the catalogue (pages.sh $env --update):"
		diff "$work/index.have" "$work/index.want"
	fi
}

rules=$(sed -n 's/^RULE(\([a-z0-9_]*\),.*/\1/p' "$root/lib/check/rules.def" | tr _ - | sort)
pages=$(cd "$root/docs/rules" && find . -name "*.md" | sed -n -e 's/^\.\///' -e '/^README/d' -e '/^coverage/d' -e 's/\.md$//p' | sort)
[ -n "$rules" ] || { echo "no rules in rules.def" >&2; exit 2; }
if [ $# -eq 0 ]; then
	for rule in $rules; do
		[ -f "$root/docs/rules/$rule.md" ] || fail "$rule has no page"
	done
	for page in $pages; do
		echo "$rules" | grep -qx -e "$page" || fail "$page.md is the page of no rule"
	done
	index
	set -- $pages
fi

# The page's title, and the rules and checks under "Corresponds to" as "R49 (", against the row of rules.def.
catalogue() {
	row=$(grep "^RULE($(echo "$1" | tr - _)," "$root/lib/check/rules.def")
	title="# $1: $(echo "$row" | cut -d '"' -f 2)"
	[ "$(head -n 1 "$root/docs/rules/$1.md")" = "$title" ] || fail "$1.md: the title is not '$title'"
	want=$(echo "$row" | cut -d '"' -f 6 | tr ' ' '\n' | sed '/^$/d' | sort)
	have=$(sed '1,/^## Corresponds to/d' "$root/docs/rules/$1.md" | grep -oE '\b[RDNC][0-9]+ \(' | tr -d ' (' | sort)
	[ "$want" = "$have" ] ||
		fail "$1.md: corresponds to $(echo $have | tr '\n' ' '), but in rules.def to $(echo $want | tr '\n' ' ')"
}

# One page into work/RULE-wrong.c, -right.c, .report (as it stands in the page), .machine, .run
split() {
	awk -v out="$work/$1" '
		/^## / { section = $2; blocks = 0 }
		/^<!-- machine: / { sub(/^<!-- machine: */, ""); sub(/ *-->.*/, ""); print > (out ".machine") }
		/^<!-- run: ends -->/ { print "ends" > (out ".run") }
		/^<!-- not run: ./ { print "not" > (out ".run") }
		/^```/ {
			if (file != "") { close(file); file = ""; next }
			if (inside) { inside = 0; next }
			inside = 1
			if ($0 == "```c" && (section == "Wrong" || section == "Right") && !seen[section]++) {
				file = out "-" tolower(section) ".body"
				inside = 0
			} else if ($0 == "```" && section == "Wrong" && seen[section] && !report++) {
				file = out ".report"
				inside = 0
			}
			if (file != "")
				printf "" > file
			next
		}
		file != "" { print > file }
	' "$root/docs/rules/$1.md"
	for side in wrong right; do
		[ -f "$work/$1-$side.body" ] || continue
		{
			printf '#include "tests/rules/pages/prologue.h"\n#line 1 "example.c"\n'
			cat "$work/$1-$side.body"
			printf '#line 1 "page.c"\nextern void (*const page_%s)(struct device *);\n' "$(echo "$1_$side" | tr - _)"
			printf 'void (*const page_%s)(struct device *) = example;\n' "$(echo "$1_$side" | tr - _)"
		} >"$work/$1-$side.c"
	done
}

blocks=
for page; do
	[ -f "$root/docs/rules/$page.md" ] || { fail "no page $page.md"; continue; }
	catalogue "$page"
	split "$page"
	for side in wrong right; do
		[ -f "$work/$page-$side.c" ] || fail "$page.md has no code that is $side"
	done
done

cd "$work" || exit 2
flags="$CFLAGS -g -O0 -Wall -Wno-unused-variable -Wno-unused-but-set-variable -Werror -I$root"
# shellcheck disable=SC2086,SC2012
ls ./*.c 2>/dev/null | sed 's/\.c$//' | xargs -P "${PAGES_JOBS:-2}" -n 8 sh -c '
	cc=$1 flags=$2
	shift 2
	for f; do
		$cc $flags -c "$f.c" -o "$f.o" 2>"$f.err" || rm -f "$f.o"
	done' sh "$CC" "$flags $INSTRUMENT"
for c in ./*.c; do
	name=$(basename "$c" .c)
	if [ -f "$name.o" ]; then
		blocks="$blocks $name"
	else
		fail "$name does not compile:"
		head -n 20 "$name.err"
	fi
done
{
	echo '#include <stddef.h>'
	echo '#include "tests/rules/pages/main.h"'
	for b in $blocks; do echo "extern void (*const page_$(echo "$b" | tr - _))(struct device *);"; done
	echo 'const struct page_block page_blocks[] = {'
	for b in $blocks; do echo "{\"$b\", &page_$(echo "$b" | tr - _)},"; done
	echo '{NULL, NULL}};'
} >table.c
objects=
for b in $blocks; do objects="$objects $b.o"; done
cp "$here/pages/main.c" main.c
# shellcheck disable=SC2086
$CC $flags -c table.c -o table.o && $CC $flags -c main.c -o main.o &&
	$CC $CFLAGS -o pages main.o table.o $objects $LINK || { echo "the pages do not link"; exit 1; }

filter() {
	sed -E -e 's/0x[0-9a-f]+/0xX/g' -e 's/[0-9]+(\.[0-9]+)? us/T/g' -e 's/example\.c:([0-9]+)/example.c\n\1/g' \
		-e 's/[A-Za-z0-9_.\/+-]*\/([A-Za-z0-9_.-]+\.[ch])/\1/g' -e 's/([A-Za-z0-9_-]+\.[ch]):[0-9]+/\1:N/g' \
		-e 's/example\.c\n/example.c:/g' "$1" |
		awk '/^ +\.\. / { below = 1; next } below && /^ +#/ { next } { below = 0; print }'
}

# Run a block; its reports in work/BLOCK.log
run() { # BLOCK SPEC
	: >"$1.log"
	DMASIM_OPTIONS='' NO_COLOR=1 timeout 30 ./pages "$1" "$2" "$work/$1.log" >"$1.out" 2>&1
}

for page; do
	spec=worst run=
	[ ! -f "$page.machine" ] || spec=$(cat "$page.machine")
	[ ! -f "$page.run" ] || run=$(cat "$page.run")
	[ "$run" != not ] || continue
	grep -q "^RULE($(echo "$page" | tr - _),.* LINT," "$root/lib/check/rules.def" && spec="$spec,lint=on"

	if [ -f "$page-wrong.o" ]; then
		run "$page-wrong" "$spec"
		status=$?
		if [ "$status" -ne 0 ] && [ "$run" != ends ]; then
			fail "$page: the wrong code ends with status $status"
			cat "$page-wrong.out"
		elif [ "$(grep -c '^dmasim: ' "$page-wrong.log")" -ne 1 ] || ! grep -q "^dmasim: $page: " "$page-wrong.log"; then
			fail "$page: the wrong code does not report this rule alone, but:"
			cat "$page-wrong.log" "$page-wrong.out"
		elif [ "$update" = yes ]; then
			[ -f "$page.report" ] || fail "$page.md has no block for the report after the wrong code"
			awk -v log_file="$page-wrong.log" '
				/^## / { section = $2 }
				skip && /^```/ { skip = 0 }
				!skip { print }
				/^```/ && !skip {
					if (inside) { inside = 0; next }
					inside = 1
					if ($0 == "```c" && section == "Wrong") code = 1
					if ($0 == "```" && section == "Wrong" && code && !done++) {
						while ((getline line < log_file) > 0) print line
						skip = 1
						inside = 0
					}
				}
			' "$root/docs/rules/$page.md" >"$page.new"
			filter "$page.report" >"$page.want" 2>/dev/null
			filter "$page-wrong.log" >"$page.have"
			cmp -s "$page.want" "$page.have" || { cat "$page.new" >"$root/docs/rules/$page.md" && echo "updated $page.md"; }
		else
			filter "$page.report" >"$page.want" 2>/dev/null
			filter "$page-wrong.log" >"$page.have"
			cmp -s "$page.want" "$page.have" || {
				fail "$page: the report is not that of the page (pages.sh $env --update $page):"
				diff "$page.want" "$page.have"
			}
		fi
	fi
	if [ -f "$page-right.o" ]; then
		run "$page-right" "$spec"
		status=$?
		[ "$status" -eq 0 ] || { fail "$page: the right code ends with status $status"; cat "$page-right.out"; }
		[ ! -s "$page-right.log" ] || { fail "$page: the right code reports:"; cat "$page-right.log"; }
	fi
done
[ "$failed" -eq 0 ] || { echo "$failed failures"; exit 1; }
echo "$# pages are true"
