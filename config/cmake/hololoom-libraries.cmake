# The libraries that Debian ships without a CMake package, as imported targets
# under names of HoloLoom's own, so that nobody's find_package(CAF) is answered
# by HoloLoom. The build and the installed package read it.
#
# Targets: hololoom::caf, hololoom::stemmer, each if it is there

function(hololoom_import name header library)
  string(TOUPPER HOLOLOOM_${name} cached)
  find_path(${cached}_INCLUDE_DIR ${header})
  find_library(${cached}_LIBRARY ${library})
  mark_as_advanced(${cached}_INCLUDE_DIR ${cached}_LIBRARY)
  if(${cached}_INCLUDE_DIR AND ${cached}_LIBRARY AND NOT TARGET hololoom::${name})
    add_library(hololoom::${name} UNKNOWN IMPORTED)
    set_target_properties(hololoom::${name} PROPERTIES
      IMPORTED_LOCATION ${${cached}_LIBRARY}
      INTERFACE_INCLUDE_DIRECTORIES ${${cached}_INCLUDE_DIR}
      INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${${cached}_INCLUDE_DIR})
  endif()
endfunction()

hololoom_import(caf caf/all.hpp caf_core)
hololoom_import(stemmer libstemmer.h stemmer)
