# Warnings, standard, sanitizers and the helpers every room uses. Nothing is set globally elsewhere.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

set(RINGSIDE_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread")
option(RINGSIDE_WERROR "Warnings are errors" ON)
option(RINGSIDE_FUZZ "Build fuzz targets with libFuzzer (clang)" OFF)

find_program(RINGSIDE_CCACHE ccache)
if(RINGSIDE_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${RINGSIDE_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${RINGSIDE_CCACHE}")
endif()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

# One interface target carries what all of our own code is compiled with.
add_library(ringside_flags INTERFACE)
target_compile_features(ringside_flags INTERFACE cxx_std_20)
target_compile_options(ringside_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Wcast-align -Wunused -Woverloaded-virtual -Wdouble-promotion -Wformat=2
  -fno-omit-frame-pointer -march=x86-64-v2)
# GCC 12 misreads string concatenation under -O2 (-Wrestrict) and does not model fences (-Wtsan).
target_compile_options(ringside_flags INTERFACE
  $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
target_link_libraries(ringside_flags INTERFACE Threads::Threads)
if(RINGSIDE_WERROR)
  target_compile_options(ringside_flags INTERFACE -Werror)
endif()
if(RINGSIDE_SANITIZE)
  target_compile_options(ringside_flags INTERFACE -fsanitize=${RINGSIDE_SANITIZE}
                         -fno-sanitize-recover=all)
  target_link_options(ringside_flags INTERFACE -fsanitize=${RINGSIDE_SANITIZE})
endif()

# Groups of targets: `programs` is what the demo builds, tests_<preset> what a sanitizer build needs
# for the labels its test preset runs (CMakePresets.json).
foreach(group programs tests_asan tests_tsan tests_fuzz)
  add_custom_target(${group})
endforeach()
set(ringside_labels_asan unit model stress golden fuzz sim)
set(ringside_labels_tsan unit model stress sim)
set(ringside_labels_fuzz fuzz)

function(ringside_group_test name)
  foreach(label ${ARGN})
    foreach(preset asan tsan fuzz)
      if(label IN_LIST ringside_labels_${preset})
        add_dependencies(tests_${preset} ${name})
      endif()
    endforeach()
  endforeach()
endfunction()

# ringside_library(shm src/a.cpp ...): target ringside_shm, alias ringside::shm.
function(ringside_library name)
  add_library(ringside_${name} STATIC ${ARGN})
  add_library(ringside::${name} ALIAS ringside_${name})
  target_link_libraries(ringside_${name} PRIVATE $<BUILD_INTERFACE:ringside_flags>)
  target_link_libraries(ringside_${name} PUBLIC Threads::Threads)
  target_compile_features(ringside_${name} PUBLIC cxx_std_20)
  set_target_properties(ringside_${name} PROPERTIES EXPORT_NAME ${name}
                        POSITION_INDEPENDENT_CODE ON)
endfunction()

# ringside_program(ringside-recorder SOURCES main.cpp LIBS ringside::recorder)
function(ringside_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_sources(${name} PRIVATE $<TARGET_OBJECTS:ringside_version>)
  target_link_libraries(${name} PRIVATE ringside_flags ${ARG_LIBS})
  add_dependencies(programs ${name})
  set_property(GLOBAL APPEND PROPERTY RINGSIDE_PROGRAMS ${name})
endfunction()

# ringside_test(shm_ring_test SOURCES shm/ring_test.cpp LIBS ringside::shm LABELS unit [TIMEOUT 60])
function(ringside_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  find_package(GTest REQUIRED)
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ringside_flags ${ARG_LIBS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE
    RINGSIDE_SOURCE_DIR="${CMAKE_SOURCE_DIR}" RINGSIDE_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
  ringside_group_test(${name} ${ARG_LABELS})
endfunction()

# ringside_script_test(name COMMAND python3 x.py LABELS e2e TIMEOUT 300)
function(ringside_script_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "COMMAND;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_test(NAME ${name} COMMAND ${ARG_COMMAND})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT}
    RUN_SERIAL ON ENVIRONMENT
    "RINGSIDE_BIN_DIR=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};RINGSIDE_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
endfunction()

# ringside_fuzz(ws_fuzz SOURCES fuzz/ws_fuzz.cpp LIBS ringside::net CORPUS dir)
# One function over bytes (LLVMFuzzerTestOneInput). ctest replays its corpus in every build; with
# RINGSIDE_FUZZ it links libFuzzer instead.
function(ringside_fuzz name)
  cmake_parse_arguments(ARG "" "CORPUS" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ringside_flags ${ARG_LIBS})
  if(RINGSIDE_FUZZ)
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    add_test(NAME ${name} COMMAND ${name} -runs=200000 -max_total_time=60 ${ARG_CORPUS})
  else()
    target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/support/replay_corpus.cpp)
    add_test(NAME ${name} COMMAND ${name} ${ARG_CORPUS})
  endif()
  set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 120)
  ringside_group_test(${name} fuzz)
endfunction()

# ringside_bench(publish_bench SOURCES publish_bench.cpp LIBS ringside::shm)
# ctest runs it with --small.
function(ringside_bench name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ringside_flags ${ARG_LIBS})
  add_test(NAME ${name} COMMAND ${name} --small)
  set_tests_properties(${name} PROPERTIES LABELS bench TIMEOUT 120)
endfunction()
