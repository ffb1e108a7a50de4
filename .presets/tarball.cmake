include(${CMAKE_CURRENT_LIST_DIR}/release.cmake)
set(VRAMAUTO_CARRY_SIMDJSON ON CACHE BOOL "")
# The machine it will run on may have an older C library.
set(VRAMAUTO_PACK_RELOCATIONS OFF CACHE BOOL "")
