# SPDX-License-Identifier: MIT
#
# dmasim_instrument(<target>...): compile the sources of a target so that each of their loads and stores is seen.
#
# -fsanitize=thread makes the compiler call a hook before each access; libdmasim-instrument answers those calls. The
# flag must not reach the link line, where it would pull in the compiler's own race detector, whose hooks would win:
# -fno-sanitize=thread takes it away there, also when CMAKE_C_FLAGS carries it. Works on executables, objects and
# libraries; inside this project and with the installed package alike.

# Same meaning in both dialects: no calls at function entry and exit, volatile accesses have hooks of their own, and
# a read that precedes a write of the same bytes (x += 1) is reported as both. gcc always reports both, but expands
# small copies and comparisons after its instrumentation pass, unseen: so they have to stay calls. Its warning that
# fences are not supported is about its own runtime.
set(DMASIM_INSTRUMENT_FLAGS_GNU -fsanitize=thread --param=tsan-instrument-func-entry-exit=0
	--param=tsan-distinguish-volatile=1 -Wno-tsan -fno-builtin-memcpy -fno-builtin-memmove -fno-builtin-memset
	-fno-builtin-memcmp -fno-builtin-bcmp -fno-builtin-strcpy -fno-builtin-strncpy -fno-builtin-stpcpy
	-fno-builtin-strcat
	-fno-builtin-strcmp -fno-builtin-strncmp -fno-builtin-strlen -fno-builtin-strnlen -fno-builtin-strchr
	-fno-builtin-memchr -fno-builtin-mempcpy -fno-tree-loop-distribute-patterns)
set(DMASIM_INSTRUMENT_FLAGS_CLANG -fsanitize=thread "SHELL:-mllvm -tsan-instrument-func-entry-exit=0"
	"SHELL:-mllvm -tsan-instrument-read-before-write=1" "SHELL:-mllvm -tsan-distinguish-volatile=1")

function(dmasim_instrument)
	if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
		set(flags ${DMASIM_INSTRUMENT_FLAGS_GNU})
	elseif(CMAKE_C_COMPILER_ID MATCHES "Clang")
		set(flags ${DMASIM_INSTRUMENT_FLAGS_CLANG})
	else()
		message(FATAL_ERROR "dmasim_instrument: needs gcc or clang, not ${CMAKE_C_COMPILER_ID}")
	endif()
	# Both compilers refuse address together with thread: the driver's objects go without the former.
	list(PREPEND flags -fno-sanitize=address)
	foreach(target ${ARGV})
		target_compile_options(${target} PRIVATE ${flags} -fno-omit-frame-pointer -fno-optimize-sibling-calls)
		get_target_property(type ${target} TYPE)
		if(type STREQUAL "OBJECT_LIBRARY" OR type STREQUAL "STATIC_LIBRARY")
			target_link_libraries(${target} INTERFACE dmasim::instrument)
		else()
			target_link_libraries(${target} PRIVATE dmasim::instrument)
		endif()
	endforeach()
endfunction()
