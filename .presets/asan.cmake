set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1" CACHE STRING "")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g1" CACHE STRING "")
# g++ says of itself that sanitizers make it warn falsely: the other builds have warnings as errors
set(VRAMAUTO_WERROR OFF CACHE BOOL "")
set(VRAMAUTO_BUILD_TESTS ON CACHE BOOL "")
set(VRAMAUTO_SANITIZE "address,undefined" CACHE STRING "")
# Our plugins as part of the library here; every other build has them as files.
set(VRAMAUTO_STATIC_PLUGINS ON CACHE BOOL "")
