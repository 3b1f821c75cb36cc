# One compilation for each room, instead of one for each source: most of what a
# source costs is the parsing of CAF's headers and its templates' instantiation,
# and the sources of a room share both.
#
# With HOLOLOOM_UNITY off, each source is compiled by itself; lint's analysers do
# so, which keeps the includes of every source complete.

# hololoom_rooms(target): groups the target's sources by their folder.
function(hololoom_rooms target)
  if(NOT HOLOLOOM_UNITY)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  get_target_property(base ${target} SOURCE_DIR)
  foreach(source IN LISTS sources)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${base} NORMALIZE OUTPUT_VARIABLE path)
    cmake_path(RELATIVE_PATH path BASE_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE room)
    cmake_path(GET room PARENT_PATH room)
    string(REPLACE "/" "_" room "${room}")
    set_source_files_properties(${path} TARGET_DIRECTORY ${target}
      PROPERTIES UNITY_GROUP ${room})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()
