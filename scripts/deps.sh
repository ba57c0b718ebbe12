# SPDX-License-Identifier: MIT
#
# Sourced by the run scripts: what a machine needs, and how it gets there.
#
# dmasim_deps COMMAND:PACKAGE... FILE:PACKAGE...   makes sure that each command (a bare word) or file (anything with a
# slash, below an include directory) exists; installs the packages of those that do not, as root or by sudo -n, else
# lists them and fails.

dmasim_has() {
	case $1 in
	*/*)
		for dir in /usr/include /usr/local/include "/usr/include/$(uname -m)-linux-gnu"; do
			[ -e "$dir/$1" ] && return 0
		done
		return 1
		;;
	*) command -v "$1" >/dev/null 2>&1 ;;
	esac
}

dmasim_deps() {
	missing=
	for need in "$@"; do
		dmasim_has "${need%:*}" || missing="$missing ${need##*:}"
	done
	[ -z "$missing" ] && return 0
	if ! command -v apt-get >/dev/null 2>&1; then
		echo "dmasim: missing, by their Debian names:$missing" >&2
		return 1
	fi
	if [ "$(id -u)" = 0 ]; then
		sudo=
	elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
		sudo='sudo -n'
	else
		echo "dmasim: please install:$missing" >&2
		return 1
	fi
	echo "dmasim: installing:$missing"
	# One refresh of the lists, only if the first attempt fails: a fresh image has none.
	# shellcheck disable=SC2086
	if ! $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >/dev/null 2>&1; then
		$sudo apt-get update >/dev/null || return 1
		$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >/dev/null ||
			return 1
	fi
}

# What every build needs, examples included.
DMASIM_BUILD_DEPS='gcc:gcc ./stdio.h:libc6-dev cmake:cmake ninja:ninja-build pkg-config:pkg-config
	patch:patch bsd/string.h:libbsd-dev elfutils/libdwfl.h:libdw-dev json-c/json.h:libjson-c-dev
	./cmocka.h:libcmocka-dev'
# What the tests need besides.
DMASIM_TEST_DEPS='valgrind/memcheck.h:valgrind'
# Both compilers: the instrumentation flags differ. The sanitizers of clang come in a package with its version.
dmasim_clang_deps() {
	dmasim_deps clang:clang || return 1
	version=$(clang -dumpversion)
	dmasim_object=$(clang -print-file-name=libclang_rt.asan-"$(uname -m)".a)
	[ -e "$dmasim_object" ] || dmasim_deps "no-such-command:libclang-rt-${version%%.*}-dev"
}

# Parallel jobs: one for each processor the process may use.
dmasim_jobs() {
	nproc 2>/dev/null || echo 2
}
