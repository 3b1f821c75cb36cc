# Installs the build into a folder of its own, builds the README's program
# against that as a user would, and runs it.
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

# The block after "<!-- program -->".
file(READ ${SOURCE}/README.md readme)
string(REGEX MATCH "<!-- program -->\n```cpp\n([^`]*)```" found "${readme}")
if(NOT found)
  message(FATAL_ERROR "README.md has no program")
endif()
set(program ${WORK}/readme_program.cpp)
file(WRITE ${program} "${CMAKE_MATCH_1}")

file(REMOVE_RECURSE ${WORK}/prefix ${WORK}/build)
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
run(${CMAKE_COMMAND} -G Ninja -S ${SOURCE}/tests/consumer -B ${WORK}/build
  -D CMAKE_PREFIX_PATH=${WORK}/prefix -D README_PROGRAM=${program}
  -D CMAKE_BUILD_TYPE=${BUILD_TYPE} -D CMAKE_CXX_COMPILER=${CXX}
  "-D CMAKE_CXX_FLAGS=${CXX_FLAGS}")
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/readme_program)
message(STATUS "${output}")
if(NOT output MATCHES "Thompson sampling")
  message(FATAL_ERROR "the program printed: ${output}")
endif()

# The headers of the installation stand for themselves, with the program's.
run(${WORK}/prefix/bin/hololoom --version)
