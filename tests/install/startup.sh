#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Programs whose instrumentation is lost must say so and end: startup.sh CC LIBRARY SOURCE-ROOT
set -eu

cc=$1 library=$2 root=$3
here=$root/tests/install/startup
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0
link='-Wl,-u,dmasim_instrument_start'

# ends CASE EXPECTED-STATUS TEXT: run the program and look at how it ends and what it says
ends() {
	code=0
	"$dir/program" >"$dir/out" 2>&1 || code=$?
	if [ $code != "$2" ] || ! grep -q "$3" "$dir/out"; then
		echo "$1: status $code instead of $2, or no '$3' in:"
		cat "$dir/out"
		status=1
	else
		echo "$1: as expected"
	fi
}
cc() {
	"$cc" -I "$root/include" -O1 "$@"
}

cc -fsanitize=thread -c "$here/driver.c" -o "$dir/driver.o"
cc -c "$here/library.c" -o "$dir/library.o"
cc -DREFUSE -c "$here/library.c" -o "$dir/refuse.o"

cc -o "$dir/program" "$dir/driver.o" $link "$library" "$dir/library.o" -fno-sanitize=thread
ends "compiled and linked as it should be" 0 'one access seen'

cc -fsanitize=thread "$here/driver.c" -o "$dir/program" $link "$library" "$dir/library.o" -fno-sanitize=thread
ends "compiled and linked in one step" 99 'in one step'

cc -c "$here/driver.c" -o "$dir/plain.o"
cc -o "$dir/program" "$dir/plain.o" $link "$library" "$dir/library.o"
ends "nothing instrumented" 99 'none of its code was compiled with -fsanitize=thread'

cc -o "$dir/program" "$dir/driver.o" $link "$library" "$dir/refuse.o" -fno-sanitize=thread
ends "a library of another version" 99 'another version'

if cc -fsanitize=thread -o "$dir/program" "$dir/driver.o" $link "$library" "$dir/library.o" 2>"$dir/link"; then
	ends "linked with the compiler's own runtime" 99 "ThreadSanitizer"
elif grep -qi 'cannot find.*tsan\|no such file.*tsan' "$dir/link"; then
	echo "linked with the compiler's own runtime: it is not installed, skipped"
else
	echo "linked with the compiler's own runtime: the link failed for another reason:"
	cat "$dir/link"
	status=1
fi

# A static program has no second memcpy to find. Not every machine has the static C library.
if cc -static -o "$dir/program" "$dir/driver.o" $link "$library" "$dir/library.o" -fno-sanitize=thread 2>"$dir/link"; then
	ends "a static program" 0 'one access seen'
elif grep -q 'cannot find -l' "$dir/link"; then
	echo "a static program: no static C library, skipped"
else
	cat "$dir/link"
	status=1
fi
exit $status
