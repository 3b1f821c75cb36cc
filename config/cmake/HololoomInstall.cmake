# `cmake --install`: the library, its headers, its programs and its package.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/hololoom)

install(TARGETS hololoom EXPORT hololoomTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(layer messages actors runtime)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${layer}/
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hololoom/${layer}
    FILES_MATCHING PATTERN "*.hpp" PATTERN cli EXCLUDE)
endforeach()
install(EXPORT hololoomTargets NAMESPACE hololoom:: DESTINATION ${package_dir})

configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/config/cmake/hololoom-config.cmake.in
  ${PROJECT_BINARY_DIR}/hololoom-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/hololoom-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/hololoom-config.cmake
  ${PROJECT_BINARY_DIR}/hololoom-config-version.cmake
  ${PROJECT_SOURCE_DIR}/config/cmake/FindCAF.cmake
  ${PROJECT_SOURCE_DIR}/config/cmake/FindStemmer.cmake
  DESTINATION ${package_dir})
install(FILES
  ${PROJECT_SOURCE_DIR}/config/bare.json
  ${PROJECT_SOURCE_DIR}/config/fast.json
  ${PROJECT_SOURCE_DIR}/config/fused.json
  DESTINATION ${CMAKE_INSTALL_DATADIR}/hololoom/config OPTIONAL)
