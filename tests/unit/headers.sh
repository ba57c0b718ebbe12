#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Lookalike headers live beside the system's: each must compile before (and so also alone) and after every header of libc, with every
# compiler there is. One translation unit each; what fails is named with its first errors.
#
#   headers.sh SOURCE_DIR GENERATED_INCLUDE_DIR
set -u
source=$1
generated=$2
work=$(mktemp -d) || exit 1
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
		echo "#include <$h.h>" | ${CC:-cc} -E - >/dev/null 2>&1; then
		echo "#include <$h.h>"
	fi
done >"$work/libc.h"

compilers=
for c in gcc clang ${CC:-}; do
	case " $compilers " in
	*" $c "*) ;;
	*) command -v "$c" >/dev/null 2>&1 && compilers="$compilers $c" ;;
	esac
done
[ -n "$compilers" ] || {
	echo "no compiler" >&2
	exit 1
}

# The system's own headers must get along with each other first, or the result says nothing about ours.
for c in $compilers; do
	$c -std=gnu11 -D_GNU_SOURCE -fsyntax-only -include "$work/libc.h" -x c /dev/null || exit 1
done

n=0
all=
for header in $(cd "$source/include/kernel" && find . -name '*.h' | sed 's,^\./,,' | sort); do
	name=$(echo "$header" | tr '/.' '__')
	printf '#include <%s>\n#include <%s>\n#include "libc.h"\nextern int used;\n' "$header" "$header" \
		>"$work/before_$name.c"
	printf '#include "libc.h"\n#include <%s>\nextern int used;\n' "$header" >"$work/after_$name.c"
	all="$all $header"
	n=$((n + 2))
done
for header in $all; do
	echo "#include <$header>"
done >"$work/all.c"
n=$((n + 1))

cd "$work" || exit 1
for c in $compilers; do
	ls ./*.c | xargs -P 2 -I '{}' sh -c '
		'"$c"' -std=gnu11 -D_GNU_SOURCE -fsyntax-only -Wall -Wextra -Werror -Wno-error=cpp -Wno-cpp \
			-I"'"$source"'/include/kernel" -I"'"$source"'/include" -I"'"$generated"'" -I. "$1" >"$1.out" 2>&1 ||
			{ echo "'"$c"': $1"; grep -m 4 error: "$1.out"; }' sh '{}'
done >failed
if [ -s failed ]; then
	cat failed
	echo "$(grep -c '^[a-z0-9-]*: \./' failed) of $n translation units do not compile with one of:$compilers"
	exit 1
fi
echo "$n translation units compile with:$compilers"
