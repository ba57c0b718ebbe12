#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Run all tests, from nothing: sh tests/run.sh [--full] [--build DIR]
#
# Installs what is missing (or lists it), configures, builds, runs ctest. --full adds: the same with clang; both
# compilers with ASan and UBSan; the unit and rules tests under Valgrind; longer fuzzing. The build directory is
# build/test-* in the source tree unless --build or DMASIM_BUILD_DIR names another place.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
full=
build=${DMASIM_BUILD_DIR:-$root/build}
while [ $# -gt 0 ]; do
	case $1 in
	--full) full=1 ;;
	--build)
		build=${2:?--build needs a directory}
		shift
		;;
	*)
		echo "usage: sh tests/run.sh [--full] [--build DIR]" >&2
		exit 2
		;;
	esac
	shift
done
. "$root/scripts/deps.sh"

dmasim_deps $DMASIM_BUILD_DEPS $DMASIM_TEST_DEPS
if [ -n "$full" ]; then
		dmasim_clang_deps
fi
jobs=$(dmasim_jobs)
werror=OFF
[ -n "${CI:-}" ] && werror=ON

# suite NAME COMPILER [cmake options]: configure, build, run the tests of $labels
labels=.
suite() {
	name=$1 compiler=$2
	shift 2
	echo "== $name"
	cmake -S "$root" -B "$build/test-$name" -G Ninja -DCMAKE_C_COMPILER="$compiler" -DDMASIM_WERROR=$werror "$@" >"$build/$name.log" 2>&1 || {
		cat "$build/$name.log"
		return 1
	}
	grep 'not found (Debian' "$build/$name.log" || true
	cmake --build "$build/test-$name" -j "$jobs" >"$build/$name.log" 2>&1 || {
		cat "$build/$name.log"
		return 1
	}
	ctest --test-dir "$build/test-$name" -j "$jobs" --output-on-failure -L "$labels"
}

mkdir -p "$build"
if [ -z "$full" ]; then
	suite gcc gcc
	exit
fi

DMASIM_FUZZ_RUNS=${DMASIM_FUZZ_RUNS:-1000000}
export DMASIM_FUZZ_RUNS
failed=
suite gcc gcc || failed="$failed gcc"
# The others are slower, and look for something else.
DMASIM_FUZZ_RUNS=$((DMASIM_FUZZ_RUNS / 20))
suite clang clang || failed="$failed clang"
suite asan gcc -DDMASIM_SANITIZE=address,undefined || failed="$failed asan"
suite clang-asan clang -DDMASIM_SANITIZE=address,undefined || failed="$failed clang-asan"
# An emulator that happens to be Valgrind.
labels='unit|rules'
suite valgrind gcc -DDMASIM_EXAMPLES=OFF "-DCMAKE_CROSSCOMPILING_EMULATOR=valgrind;-q;--error-exitcode=97;--leak-check=full;--show-leak-kinds=definite;--errors-for-leak-kinds=definite" ||
	failed="$failed valgrind"
if [ -n "$failed" ]; then
	echo "failed:$failed"
	exit 1
fi
