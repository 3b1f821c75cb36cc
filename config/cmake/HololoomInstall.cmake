# `cmake --install`: the libraries, their headers, the programs, the package for
# CMake and for pkg-config, and the pages.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/hololoom)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(TARGETS hololoom_supervision EXPORT hololoom-supervision-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS hololoom EXPORT hololoom-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(targets hololoom-supervision-targets hololoom-targets)
  install(EXPORT ${targets} NAMESPACE hololoom:: DESTINATION ${package_dir})
endforeach()
install(CODE "set(SOURCE \"${HOLOLOOM_INCLUDE_DIR}\")
  set(DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_INCLUDEDIR}\")
  include(\"${PROJECT_SOURCE_DIR}/config/cmake/install-headers.cmake\")")

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
  ${PROJECT_SOURCE_DIR}/config/cmake/hololoom-libraries.cmake
  DESTINATION ${package_dir})

# The packages of pkg-config find their prefix from where they lie.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
  BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX}/${pkgconfig_dir}
  OUTPUT_VARIABLE pkgconfig_to_prefix)
foreach(package hololoom hololoom-supervision)
  configure_file(${PROJECT_SOURCE_DIR}/config/cmake/${package}.pc.in
    ${PROJECT_BINARY_DIR}/${package}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${package}.pc DESTINATION ${pkgconfig_dir})
endforeach()

install(FILES
  ${PROJECT_SOURCE_DIR}/config/bare.json
  ${PROJECT_SOURCE_DIR}/config/fast.json
  ${PROJECT_SOURCE_DIR}/config/fused.json
  DESTINATION ${CMAKE_INSTALL_DATADIR}/hololoom/config)
install(FILES
  ${PROJECT_SOURCE_DIR}/README.md
  ${PROJECT_SOURCE_DIR}/CHANGELOG.md
  ${PROJECT_SOURCE_DIR}/LICENSE
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs ${PROJECT_SOURCE_DIR}/demos
  DESTINATION ${CMAKE_INSTALL_DOCDIR}
  FILES_MATCHING PATTERN "*.md" PATTERN "*.svg" PATTERN "*.cpp")
