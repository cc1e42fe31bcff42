# SPDX-License-Identifier: Apache-2.0
# The functions that the CMakeLists of all folders share: a library, a test, a fuzz target.

add_library(palaver_options INTERFACE)
target_compile_options(palaver_options INTERFACE -Wall -Wextra -Wshadow -Wconversion
  -Wno-sign-conversion -Wnon-virtual-dtor -Werror
  # GCC 12 sees overlaps in std::string that are not there (its bug 105651), and values of an
  # std::expected that holds an error as used.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict$<SEMICOLON>-Wno-maybe-uninitialized>)
target_include_directories(palaver_options INTERFACE ${PROJECT_SOURCE_DIR}/src)

# palaver_library(NAME SOURCES a.cc ... DEPS x y): a folder of src/ as a static library.
function(palaver_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC palaver_options ${ARG_DEPS})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE palaver_options ${ARG_DEPS})
  endif()
endfunction()

# palaver_test(NAME SOURCES a.cc ... DEPS x y LABELS l): a GoogleTest program; each case is a ctest.
# WHOLE: the program is one ctest, because its cases share servers that take long to start.
function(palaver_test name)
  cmake_parse_arguments(ARG "WHOLE" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE palaver_options ${ARG_DEPS} GTest::gtest_main)
  if(ARG_WHOLE)
    add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
    return()
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()

# palaver_fuzzer(NAME SOURCES a.cc ... DEPS x y): `fuzz_NAME`. With PALAVER_FUZZ a libFuzzer
# program; else a program that replays fuzz/corpus/NAME, which ctest runs.
function(palaver_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(fuzz_${name} ${ARG_SOURCES})
  target_include_directories(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(fuzz_${name} PRIVATE palaver_options ${ARG_DEPS})
  if(PALAVER_FUZZ)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/fuzz/replay_main.cc)
    add_test(NAME fuzz_replay.${name}
      COMMAND fuzz_${name} ${PROJECT_SOURCE_DIR}/fuzz/corpus/${name})
    set_tests_properties(fuzz_replay.${name} PROPERTIES LABELS fuzz TIMEOUT 60)
  endif()
endfunction()
