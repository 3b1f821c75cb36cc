# Installs the build into a folder of its own, and uses that as users would: the
# README's program and the umbrella headers by CMake's package, supervision by
# itself, and both by pkg-config.
#
# cmake -D BUILD=... -D SOURCE=... -D WORK=... -D CXX=... -D CXX_FLAGS=...
#       -D BUILD_TYPE=... -P run.cmake

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status
    OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGN} ended with ${status}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect pattern)
  if(NOT output MATCHES "${pattern}")
    message(FATAL_ERROR "expected ${pattern}, but saw: ${output}")
  endif()
endfunction()

function(refuse pattern)
  if(output MATCHES "${pattern}")
    message(FATAL_ERROR "did not expect ${pattern}, but saw: ${output}")
  endif()
endfunction()

function(build project)
  run(${CMAKE_COMMAND} -G Ninja -S ${SOURCE}/tests/consumer/${project}
    -B ${WORK}/build/${project} -D CMAKE_PREFIX_PATH=${WORK}/prefix
    -D CMAKE_BUILD_TYPE=${BUILD_TYPE} -D CMAKE_CXX_COMPILER=${CXX}
    "-D CMAKE_CXX_FLAGS=${CXX_FLAGS}" ${ARGN})
  run(${CMAKE_COMMAND} --build ${WORK}/build/${project})
endfunction()

separate_arguments(flags UNIX_COMMAND "${CXX_FLAGS}")
set(compile ${CXX} -std=c++20 ${flags})

# -- what is installed ----------------------------------------------------------

file(REMOVE_RECURSE ${WORK}/prefix ${WORK}/build)
file(MAKE_DIRECTORY ${WORK}/build)
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
run(${WORK}/prefix/bin/hololoom --version)
set(include ${WORK}/prefix/include/hololoom)
foreach(internal runtime/loom/loom_impl.hpp actors/supervision/core/core.hpp
        actors/supervision/cascade/run.hpp actors/storage/sqlite.hpp)
  if(EXISTS ${include}/${internal} OR NOT EXISTS ${SOURCE}/${internal})
    message(FATAL_ERROR "${internal} is internal, and must not be installed")
  endif()
endforeach()
foreach(page README.md LICENSE docs/supervision.md demos/service_demo.cpp)
  if(NOT EXISTS ${WORK}/prefix/share/doc/hololoom/${page})
    message(FATAL_ERROR "${page} is not installed")
  endif()
endforeach()

# -- what the headers cost ------------------------------------------------------

foreach(header hololoom supervision)
  file(WRITE ${WORK}/build/${header}.cpp "#include <hololoom/${header}.hpp>\n")
  run(${compile} -DCAF_ENABLE_TYPE_ID_CHECKS -I${WORK}/prefix/include -M
    ${WORK}/build/${header}.cpp)
  refuse("nlohmann/json.hpp")
endforeach()
refuse("nlohmann|actors/shuttle|actors/memory|/runtime/")

# -- CMake's package ------------------------------------------------------------

# The block after "<!-- program -->".
file(READ ${SOURCE}/README.md readme)
string(REGEX MATCH "<!-- program -->\n```cpp\n([^`]*)```" found "${readme}")
if(NOT found)
  message(FATAL_ERROR "README.md has no program")
endif()
set(program ${WORK}/readme_program.cpp)
file(WRITE ${program} "${CMAKE_MATCH_1}")

build("" -D README_PROGRAM=${program})
run(${WORK}/build/readme_program)
message(STATUS "${output}")
expect("Thompson sampling")
run(${WORK}/build/umbrella)
expect("\"exit_code\":0")

build(supervision)
run(${WORK}/build/supervision/supervised)
expect("answered 42")
run(ldd ${WORK}/build/supervision/supervised)
expect("libcaf_core")
refuse("sqlite|muparser|stemmer|libz")

# -- pkg-config -----------------------------------------------------------------

set(ENV{PKG_CONFIG_PATH} ${WORK}/prefix/lib/pkgconfig)
function(build_by_pkgconfig package source)
  run(pkg-config --static --cflags --libs ${package})
  separate_arguments(options UNIX_COMMAND "${output}")
  run(${compile} ${source} ${options} -o ${WORK}/build/by_pkgconfig)
  run(${WORK}/build/by_pkgconfig)
  set(output "${output}" PARENT_SCOPE)
  set(options "${options}" PARENT_SCOPE)
endfunction()

build_by_pkgconfig(hololoom-supervision
  ${SOURCE}/tests/consumer/supervision/supervised.cpp)
expect("answered 42")
set(output "${options}")
refuse("sqlite|muparser|stemmer|archive|-lz")
build_by_pkgconfig(hololoom ${SOURCE}/tests/consumer/umbrella.cpp)
expect("\"exit_code\":0")

# -- what is refused ------------------------------------------------------------

execute_process(
  COMMAND ${CMAKE_COMMAND} -G Ninja -S ${SOURCE} -B ${WORK}/build/shared
    -D BUILD_SHARED_LIBS=ON -D CMAKE_CXX_COMPILER=${CXX}
  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(status EQUAL 0)
  message(FATAL_ERROR "BUILD_SHARED_LIBS=ON was taken without a word")
endif()
expect("built as static libraries")
