# What `cmake --install` gives, and where: two components, both relative to a prefix free to move.
#   sdk       headers, libraries, find_package(ringside), pkg-config, Python, examples, pages
#   programs  ringside and ringside-*
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ringside)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
set(python_dir ${CMAKE_INSTALL_DATADIR}/ringside/python/ringside)

# Headers: the contract whole, and what it uses of the ground floor. Nothing third-party.
install(DIRECTORY shm/include/ringside DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT sdk)
install(FILES base/include/ringside/base/assert.hpp base/include/ringside/base/clock.hpp
  base/include/ringside/base/decimal.hpp base/include/ringside/base/result.hpp
  base/include/ringside/base/unique_fd.hpp
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ringside/base COMPONENT sdk)
install(FILES shm/c/ringside.h shm/c/ringside_reader.h shm/c/ringside_record.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT sdk)

# Libraries: ringside::shm (static, with ringside::ground) and ringside::c (shared).
install(TARGETS ringside_ground ringside_shm ringside_c EXPORT ringside-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT sdk
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT sdk NAMELINK_COMPONENT sdk)
install(EXPORT ringside-targets NAMESPACE ringside:: DESTINATION ${package_dir} COMPONENT sdk)
configure_package_config_file(cmake/ringside-config.cmake.in
  ${CMAKE_BINARY_DIR}/ringside-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/ringside-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/ringside-config.cmake
  ${CMAKE_BINARY_DIR}/ringside-config-version.cmake DESTINATION ${package_dir} COMPONENT sdk)

# pkg-config ringside-shm (C++, static) and ringside (C, shared). Paths from the file's own place.
file(RELATIVE_PATH pc_prefix /${pkgconfig_dir} /)
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
foreach(package ringside ringside-shm)
  configure_file(cmake/${package}.pc.in ${CMAKE_BINARY_DIR}/${package}.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/${package}.pc DESTINATION ${pkgconfig_dir} COMPONENT sdk)
endforeach()

# The Python module, with a link to the library beside it.
install(FILES shm/python/ringside/__init__.py shm/python/ringside/_library.py
  shm/python/ringside/feed.py shm/python/ringside/records.py shm/python/ringside/ring.py
  DESTINATION ${python_dir} COMPONENT sdk)
set(library_name libringside.so.0)
file(RELATIVE_PATH library_link /${python_dir} /${CMAKE_INSTALL_LIBDIR}/${library_name})
install(CODE "file(CREATE_LINK \"${library_link}\"
  \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${python_dir}/${library_name}\" SYMBOLIC)"
  COMPONENT sdk)

install(FILES shm/examples/follow_symbol.c shm/examples/follow_symbol.cpp
  shm/examples/follow_symbol.py shm/examples/follow_everything.c
  shm/examples/follow_everything.cpp
  DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT sdk)
install(FILES LICENSE CHANGELOG.md docs/clients.md docs/layout.md docs/faults.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT sdk)

get_property(ringside_programs GLOBAL PROPERTY RINGSIDE_PROGRAMS)
install(TARGETS ${ringside_programs}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
