#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Rules of the source that no compiler checks: sh scripts/lint.sh
set -u

cd "$(dirname "$0")/.." || exit 1
status=0
complain() {
	echo "lint: $1"
	[ $# -lt 2 ] || printf '%s\n' "$2" | sed 's/^/    /'
	status=1
}
# Lines of grep's output are a complaint.
none() {
	title=$1
	shift
	found=$("$@" 2>/dev/null) && complain "$title" "$found"
}
tracked() {
	git ls-files -- "$@" | while read -r f; do [ -f "$f" ] && echo "$f"; done
}

code=$(tracked '*.c' '*.h')
[ -n "$code" ] || { echo "lint: no tracked files: not a git checkout?" && exit 1; }

# Form.
if command -v clang-format >/dev/null 2>&1; then
	# shellcheck disable=SC2086
	clang-format --dry-run -Werror --ferror-limit=3 $code || complain "not formatted: clang-format -i"
else
	echo "lint: clang-format not found, skipped"
fi
for f in $(tracked '*.c' '*.h' '*.sh'); do
	head -n 2 "$f" | grep -q 'SPDX-License-Identifier: MIT' || complain "$f: no SPDX line"
done
for f in $code; do
	lines=$(wc -l <"$f")
	[ "$lines" -le 700 ] || complain "$f: $lines lines, more than a reader can hold"
done
for f in $(tracked '*.h'); do
	guard=$(sed -n 's/^#ifndef \([A-Z0-9_]*_H\)$/\1/p' "$f" | head -n 1)
	if [ -z "$guard" ]; then
		complain "$f: no header guard"
	elif ! grep -q "^#define $guard\$" "$f"; then
		complain "$f: header guard $guard is not defined"
	fi
	case $f in
	include/kernel/linux/*)
		want=DMASIM_LINUX_$(basename "$f" | tr 'a-z.-' 'A-Z__')
		[ "$guard" = "$want" ] || complain "$f: header guard should be $want"
		;;
	esac
done

# Words of unfinished work.
todo='TO''DO|FIX''ME|XX''X'
# shellcheck disable=SC2046
none "unfinished work" grep -nwE "$todo" $(tracked '*.c' '*.h' '*.sh' '*.md' '*.cmake' 'CMakeLists.txt' '*/CMakeLists.txt' '*.def')

# Rooms: the hardware knows nothing of the kernel, and inside lib nothing points upward.
sim=$(tracked 'sim/*.c' 'sim/*.h')
# shellcheck disable=SC2086
none "sim includes kernel-side headers" grep -nE '^#include [<"](lib/|linux/|asm/|dmasim/cmocka)' $sim
below() {
	room=$1 upper=$2
	files=$(tracked "lib/$room/*.c" "lib/$room/*.h")
	# shellcheck disable=SC2086
	[ -z "$files" ] || none "lib/$room points upward" grep -nE "^#include \"lib/($upper)/" $files
}
below core 'mm|sg|check|dma|dmaengine'
below mm 'sg|check|dma|dmaengine'
below sg 'check|dma|dmaengine'
below check 'dma|dmaengine'
below dma 'dmaengine'
# shellcheck disable=SC2046
none "public headers may not define LIST_HEAD" grep -nE '^#include .*sys/queue.h' $(tracked 'include/*.h')
# shellcheck disable=SC2046
none "public headers include private ones" grep -nE '^#include "' $(tracked 'include/*.h')
for f in $(tracked 'include/kernel/linux/*.h'); do
	if [ -e "/usr/include/linux/$(basename "$f")" ]; then
		grep -q '^#include_next' "$f" || complain "$f: hides the system's header of that name (#include_next)"
	fi
done

# Documents that list what stands in tables of the source.
found=$(sed -n 's/^.*{ \.key = "\([a-z0-9_]*\)".*/\1/p' sim/config*.c | while read -r key; do
	grep -q "^| \`$key\`" docs/guide.md || echo "$key"
done)
[ -z "$found" ] || complain "docs/guide.md: options without a row" "$found"
found=$(tr -d '",' <lib/core/inject_names.def | while read -r name; do
	grep -q "^|.*\`$name\`" docs/guide.md || echo "$name"
done)
[ -z "$found" ] || complain "docs/guide.md: calls that can fail and are not listed" "$found"
# Shell.
if command -v shellcheck >/dev/null 2>&1; then
	# shellcheck disable=SC2046
	shellcheck -s sh -e SC1091,SC2015,SC2016,SC2034,SC2046,SC2086 $(tracked '*.sh' '.ci/run') || complain "shellcheck"
fi

# Bugs that analysis finds without building.
if command -v cppcheck >/dev/null 2>&1; then
	# shellcheck disable=SC2046
	cppcheck -q --error-exitcode=1 --enable=warning,portability --inline-suppr --std=c11 --max-configs=1 \
		--suppress=unknownMacro --suppress=pointerSize --suppress=uninitvar --suppress=preprocessorErrorDirective --suppress=missingIncludeSystem \
		-j "$(nproc)" -I . -I include $(tracked 'sim/*.c' 'lib/*.c' 'instrument/*.c') || complain "cppcheck"
fi

[ $status = 0 ] && echo "lint: clean"
exit $status
