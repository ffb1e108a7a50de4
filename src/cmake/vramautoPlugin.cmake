# vramauto_add_plugin(NAME name SOURCES file...): the target vramauto_<name>, a plugin vramauto_<name>.so.
#
# It exports vramauto_plugin_v1 and nothing else, finds all it needs when it is linked, and is linked neither to libvramauto nor to
# what that uses: of the package it takes the headers only.
function(vramauto_add_plugin)
  cmake_parse_arguments(PARSE_ARGV 0 plugin "" "NAME" "SOURCES")
  if(NOT plugin_NAME MATCHES "^[a-z0-9_]+$" OR NOT plugin_SOURCES OR plugin_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "vramauto_add_plugin(NAME name SOURCES file...): the name is of [a-z0-9_], found \"${plugin_NAME}\"")
  endif()
  set(target vramauto_${plugin_NAME})
  set(map ${CMAKE_CURRENT_BINARY_DIR}/${target}.map)
  file(CONFIGURE OUTPUT ${map} CONTENT "{ global: vramauto_plugin_v1; local: *; };\n")
  add_library(${target} MODULE ${plugin_SOURCES})
  target_include_directories(${target} PRIVATE $<TARGET_PROPERTY:vramauto::vramauto,INTERFACE_INCLUDE_DIRECTORIES>)
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
  target_link_options(${target} PRIVATE LINKER:--version-script=${map} LINKER:-z,defs)
  set_target_properties(${target} PROPERTIES PREFIX "" SUFFIX .so OUTPUT_NAME ${target} LINK_DEPENDS ${map}
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endfunction()
