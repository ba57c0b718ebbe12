#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Lookalike headers live beside the system's: each must compile before (and so also alone) and after every header of
# libc. Two translation units each, one with libc's headers behind it and one with them, precompiled, before it; what
# fails is named with its first errors. The headers of an older era (include/era/*) are tried with their directory in
# front, as its drivers have it.
#
#   headers.sh COMPILER SOURCE_DIR GENERATED_INCLUDE_DIR
set -eu
compiler=$1
source=$2
generated=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

libc="aio arpa/inet assert byteswap complex ctype dirent dlfcn elf endian errno error execinfo fcntl features fenv float
fnmatch fts ftw getopt glob grp iconv ifaddrs inttypes iso646 langinfo libgen limits link locale malloc math mcheck mntent
monetary mqueue net/if netdb netinet/in netinet/ip netinet/tcp netinet/udp nl_types obstack poll printf pthread pty pwd regex
resolv sched search semaphore setjmp shadow signal spawn stdalign stdarg stdatomic stdbool stddef stdint stdio stdio_ext
stdlib stdnoreturn string strings sys/auxv sys/epoll sys/eventfd sys/file sys/fsuid sys/inotify sys/io sys/ioctl sys/ipc
sys/mman sys/mount sys/msg sys/param sys/personality sys/poll sys/prctl sys/procfs sys/ptrace sys/queue sys/random sys/reboot
sys/resource sys/select sys/sem sys/sendfile sys/shm sys/signalfd sys/socket sys/stat sys/statfs sys/statvfs sys/swap
sys/syscall sys/sysinfo sys/sysmacros sys/time sys/timerfd sys/times sys/timex sys/types sys/ucontext sys/uio sys/un sys/user
sys/utsname sys/vfs sys/wait sys/xattr syslog tar termios time uchar ucontext unistd utime utmpx wchar wctype wordexp"

for h in $libc; do
	if [ -e "/usr/include/$h.h" ] || [ -e "/usr/include/$(uname -m)-linux-gnu/$h.h" ] ||
		echo "#include <$h.h>" | "$compiler" -E - >/dev/null 2>&1; then
		echo "#include <$h.h>"
	fi
done >"$work/libc.h"

# One set of flags for everything, or the precompiled header is not used.
cat >"$work/compile" <<END
exec "$compiler" -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-cpp \
	\$era -I"$source/include/kernel" -I"$source/include" -I"$generated" -I. "\$@"
END
# What xargs calls.
cat >"$work/try" <<'END'
era=
[ "${1#./era/}" = "$1" ] || era=-I$(dirname "$1")/include
export era
case $1 in
*/after_*) set -- "$1" -include libc.h ;;
esac
sh ./compile -fsyntax-only "$@" >"$1.out" 2>&1 || {
	echo "$1 does not compile:"
	grep -m 4 error: "$1.out" || head -n 4 "$1.out"
}
END

cd "$work"
# The system's own headers must get along with each other first, or the result says nothing about ours.
era='' sh ./compile -x c-header libc.h -o libc.h.gch

headers_of() {
	(cd "$1" && find . -name '*.h' | sed 's,^\./,,')
}
units_of() { # DIRECTORY: for each header on standard input
	while read -r header; do
		name=$(echo "$header" | tr '/.' '__')
		# Twice: guards, and headers that another one included already.
		printf '#include <%s>\n#include <%s>\n#include "libc.h"\nextern int used;\n' "$header" "$header" \
			>"$1/before_$name.c"
		printf '#include <%s>\nextern int used;\n' "$header" >"$1/after_$name.c"
		echo "#include <$header>" >>"$1/all.c"
	done
}
headers_of "$source/include/kernel" | sort | units_of .
for era in "$source"/include/era/*; do
	dir=./era/$(basename "$era")
	mkdir -p "$dir"
	ln -s "$era" "$dir/include"
	headers_of "$era" | sort | units_of "$dir"
done

units=$(find . -name '*.c' | sort)
echo "$units" | xargs -n 1 -P "$(nproc)" sh ./try >failed
if [ -s failed ]; then
	cat failed
	exit 1
fi
echo "$(echo "$units" | wc -l) translation units compile with $compiler"
