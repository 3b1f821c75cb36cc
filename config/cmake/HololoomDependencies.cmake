# Finds what HoloLoom is built from, and says what to install when it is missing.

set(HOLOLOOM_MISSING "")
macro(hololoom_require package debian)
  find_package(${package} QUIET ${ARGN})
  if(NOT ${package}_FOUND)
    list(APPEND HOLOLOOM_MISSING "${debian}")
  endif()
endmacro()

# The same, for what hololoom-libraries.cmake imports.
macro(hololoom_require_library name debian)
  if(NOT TARGET hololoom::${name})
    list(APPEND HOLOLOOM_MISSING "${debian}")
  endif()
endmacro()

include(hololoom-libraries)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
hololoom_require_library(caf libcaf-dev)
hololoom_require(nlohmann_json nlohmann-json3-dev)
hololoom_require(LibArchive libarchive-dev)
hololoom_require(SQLite3 libsqlite3-dev)
hololoom_require(ZLIB zlib1g-dev)
hololoom_require(CLI11 libcli11-dev)
hololoom_require(muparser libmuparser-dev)
hololoom_require_library(stemmer libstemmer-dev)
if(HOLOLOOM_TESTS)
  hololoom_require(Catch2 catch2)
endif()

if(HOLOLOOM_MISSING)
  list(JOIN HOLOLOOM_MISSING " " missing)
  message(FATAL_ERROR
    "HoloLoom needs libraries that are not installed. On Debian 12:\n"
    "  apt-get install --no-install-recommends ${missing}\n"
    "or let `make build` install them.")
endif()

set(HOLOLOOM_PRIVATE_LIBRARIES
  LibArchive::LibArchive SQLite::SQLite3 ZLIB::ZLIB muparser::muparser hololoom::stemmer)
