# SPDX-License-Identifier: MIT
#
# Install rules, the CMake package and the pkg-config files.
include(CMakePackageConfigHelpers)

set(DMASIM_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/dmasim)
set(dmasim_exported ${dmasim_libraries} dmasim_kernel dmasim_kernel_2_6)
if(TARGET dmasim_instrument_runtime)
	list(APPEND dmasim_exported dmasim_instrument_runtime)
endif()

install(TARGETS ${dmasim_exported} EXPORT dmasim-targets
	LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT dmasim-targets NAMESPACE dmasim:: DESTINATION ${DMASIM_CMAKE_DIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/dmasim ${DMASIM_GENERATED_INCLUDE}/dmasim
	DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/kernel/
	DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/dmasim-kernel FILES_MATCHING PATTERN "*.h")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/era/2.6/
	DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/dmasim-kernel-2.6 FILES_MATCHING PATTERN "*.h")

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/dmasim-config.cmake.in
	${PROJECT_BINARY_DIR}/generated/dmasim-config.cmake INSTALL_DESTINATION ${DMASIM_CMAKE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/generated/dmasim-config-version.cmake
	COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/generated/dmasim-config.cmake
	${PROJECT_BINARY_DIR}/generated/dmasim-config-version.cmake ${PROJECT_SOURCE_DIR}/cmake/DmasimInstrument.cmake
	DESTINATION ${DMASIM_CMAKE_DIR})

# The prefix of a .pc file is where it lies, so that an installed tree may be moved.
file(RELATIVE_PATH DMASIM_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" DMASIM_PC_PREFIX "${DMASIM_PC_PREFIX}")
string(REPLACE ";" " " DMASIM_PC_USAGE_FLAGS "${DMASIM_USAGE_FLAGS}")
string(REPLACE ";" " " DMASIM_PC_GNU "${DMASIM_INSTRUMENT_FLAGS_GNU}")
string(REPLACE ";" " " DMASIM_PC_CLANG "${DMASIM_INSTRUMENT_FLAGS_CLANG}")
string(REPLACE "SHELL:" "" DMASIM_PC_CLANG "${DMASIM_PC_CLANG}")
# By name, not by Requires.private: that would ask for all that a static libdw needs, where the shared one will do.
set(DMASIM_PC_PRIVATE "")
foreach(library ${LIBBSD_LIBRARIES} ${LIBDW_LIBRARIES} ${JSONC_LIBRARIES})
	string(APPEND DMASIM_PC_PRIVATE "-l${library} ")
endforeach()
foreach(pc dmasim dmasim-kernel dmasim-kernel-2.6 dmasim-instrument)
	configure_file(${PROJECT_SOURCE_DIR}/cmake/${pc}.pc.in ${PROJECT_BINARY_DIR}/generated/${pc}.pc @ONLY)
	install(FILES ${PROJECT_BINARY_DIR}/generated/${pc}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
