#!/bin/sh
# SPDX-License-Identifier: MIT
# Run the driver test of README.md, which has to fail, with the report that the README shows.
# Usage: run.sh DIRECTORY-OF-THE-BUILT-EXAMPLES
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
built=$(cd "${1:?usage: run.sh DIRECTORY-OF-THE-BUILT-EXAMPLES}" && pwd)
out=$(mktemp)
trap 'rm -f "$out" "$out.shown"' EXIT

echo "== first_test: one mistake, one report"
cd "$root" # file names in the report are relative to where the test runs
if "$built/first_test" >"$out" 2>&1; then
	cat "$out"
	echo "FAILED: the test passed, its mistake was not found"
	exit 1
fi
sed -n '/^dmasim: cpu-read/,/  see /p' "$out"
# The README shows this very source and this very report.
sed -n '/^```c$/,/^```$/p' README.md | sed '/^```/d' >"$out.shown"
sed 1d examples/first_test/first_test.c | cmp -s - "$out.shown" || {
	echo "FAILED: README.md does not show examples/first_test/first_test.c"
	exit 1
}
sed -n '/^dmasim: cpu-read/,/  see /p' README.md >"$out.shown"
sed -n '/^dmasim: cpu-read/,/  see /p' "$out" | cmp -s - "$out.shown" || {
	echo "FAILED: README.md shows another report"
	exit 1
}
