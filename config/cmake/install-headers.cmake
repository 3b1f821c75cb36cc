# Installs the headers of include/hololoom/, and what they include in turn: that
# makes a header part of the installation. Run by `cmake --install`, with
# SOURCE, the folder include/, and DESTINATION.

cmake_minimum_required(VERSION 3.25)

file(GLOB queue RELATIVE ${SOURCE} ${SOURCE}/hololoom/*.hpp)
set(headers ${queue})
while(queue)
  list(POP_FRONT queue header)
  file(STRINGS ${SOURCE}/${header} lines REGEX "^#include <hololoom/")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE ".*<(.*)>.*" "\\1" included "${line}")
    if(NOT included IN_LIST headers)
      list(APPEND headers ${included})
      list(APPEND queue ${included})
    endif()
  endforeach()
endwhile()

foreach(header IN LISTS headers)
  cmake_path(GET header PARENT_PATH folder)
  file(INSTALL ${SOURCE}/${header} DESTINATION ${DESTINATION}/${folder})
endforeach()
