#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Build and run the examples, from nothing: sh examples/run.sh [--build DIR]
#
# Each directory that has a run.sh of its own is called with the build directory; it shows what it does and fails when
# what it shows is not what it promises. The compiler is CC, or gcc.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=${DMASIM_BUILD_DIR:-$root/build}
if [ "${1:-}" = --build ]; then
	build=${2:?--build needs a directory}
elif [ $# -gt 0 ]; then
	echo "usage: sh examples/run.sh [--build DIR]" >&2
	exit 2
fi
. "$root/scripts/deps.sh"

compiler=${CC:-gcc}
dmasim_deps $DMASIM_BUILD_DEPS
[ "$compiler" = gcc ] || dmasim_deps "$compiler:$compiler"
build=$build/examples-$compiler
mkdir -p "$build"
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_C_COMPILER="$compiler" -DDMASIM_TESTS=OFF >"$build/run.log" 2>&1 &&
	cmake --build "$build" -j "$(dmasim_jobs)" >>"$build/run.log" 2>&1 || {
	cat "$build/run.log"
	exit 1
}
failed=
for runner in "$root"/examples/*/run.sh; do
	[ -e "$runner" ] || continue
	sh "$runner" "$build/examples/$(basename "$(dirname "$runner")")" || failed="$failed $(basename "$(dirname "$runner")")"
done
if [ -n "$failed" ]; then
	echo "examples failed:$failed"
	exit 1
fi
echo "examples: all as promised"
