#!/bin/sh
# SPDX-License-Identifier: MIT
#
# An outside project against an installed tree: by pkg-config and by find_package, with each compiler there is, shared
# and static, plain and instrumented. outside.sh CMAKE BUILD-DIRECTORY LIBDIR
set -eu

cmake=$1 build=$2 libdir=$3
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
prefix=$dir/prefix
status=0

"$cmake" --install "$build" --prefix "$dir/first" >/dev/null
# The build tool that there is: the one this build was made with.
generator=$(sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$build/CMakeCache.txt")
# Installed trees may be moved.
mv "$dir/first" "$prefix"
PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig
LD_LIBRARY_PATH=$prefix/$libdir
export PKG_CONFIG_PATH LD_LIBRARY_PATH

runs() { # NAME PROGRAM ARGUMENTS...
	name=$1
	shift
	if "$@" >"$dir/out" 2>&1; then
		echo "$name: $(tail -n 1 "$dir/out")"
	else
		echo "$name: failed"
		cat "$dir/out"
		status=1
	fi
}

for cc in gcc clang; do
	command -v $cc >/dev/null 2>&1 || continue

	kernel=$(pkg-config --cflags dmasim-kernel)
	instrument=$(pkg-config --variable=cflags_$cc dmasim-instrument)
	shared=$(pkg-config --libs dmasim)
	static="-Wl,-Bstatic -ldmasim -Wl,-Bdynamic $(pkg-config --static --libs dmasim | sed 's/-ldmasim //')"
	runtime=$(pkg-config --libs dmasim-instrument | sed 's/-ldmasim //')
	$cc -Wall -Wextra -Werror -O2 -g $(pkg-config --cflags dmasim) -c "$here/project/main.c" -o "$dir/main.o"
	$cc -Wall -Wextra -Werror -O2 -g $kernel -c "$here/project/driver.c" -o "$dir/plain.o"
	$cc -Wall -Wextra -Werror -O2 -g $kernel $instrument -c "$here/project/driver.c" -o "$dir/instrumented.o"
	$cc -Wall -Wextra -Werror -O2 -g $kernel $(pkg-config --cflags dmasim-instrument) -c "$here/project/driver.c" \
		-o "$dir/simple.o"
	$cc -Wall -Wextra -Werror -O2 -g $(pkg-config --cflags dmasim-kernel-2.6) -c "$here/project/old.c" -o "$dir/old.o"
	for kind in shared static; do
		[ $kind = shared ] && libs=$shared || libs="-L$prefix/$libdir $static"
		$cc -o "$dir/program" "$dir/main.o" "$dir/plain.o" $libs
		runs "pkg-config, $cc, $kind" "$dir/program" plain
		$cc -o "$dir/program" "$dir/main.o" "$dir/old.o" $libs
		runs "pkg-config, $cc, $kind, 2.6" "$dir/program" plain
		for object in instrumented simple; do
			$cc -o "$dir/program" "$dir/main.o" "$dir/$object.o" $runtime $libs
			runs "pkg-config, $cc, $kind, $object" "$dir/program" instrumented
		done
	done

	"$cmake" -S "$here/project" -B "$dir/$cc" -G "$generator" -DCMAKE_C_COMPILER=$cc -DCMAKE_PREFIX_PATH="$prefix" >"$dir/log" 2>&1 &&
		"$cmake" --build "$dir/$cc" >>"$dir/log" 2>&1 || {
		cat "$dir/log"
		exit 1
	}
	for kind in shared static; do
		runs "find_package, $cc, $kind" "$dir/$cc/plain_$kind" plain
		runs "find_package, $cc, $kind, 2.6" "$dir/$cc/old_$kind" plain
		runs "find_package, $cc, $kind, instrumented" "$dir/$cc/instrumented_$kind" instrumented
	done
done
exit $status
