# What differs where the library is built to be carried in a Python wheel: pyproject.toml installs it below vramauto/, in the folders
# of any other install.

# A wheel holds no links: one file, named as programs ask for it.
get_target_property(soversion vramauto SOVERSION)
set_target_properties(vramauto PROPERTIES VERSION ${soversion})

# The machine that it will run on may not have simdjson: a shared one is carried beside the library.
find_package(simdjson REQUIRED)  # where src/ found it, its target is not known here
get_target_property(simdjson_kind simdjson::simdjson TYPE)
if(simdjson_kind STREQUAL SHARED_LIBRARY)
  set_target_properties(vramauto PROPERTIES INSTALL_RPATH "$ORIGIN")
  install(FILES $<TARGET_FILE:simdjson::simdjson> RENAME $<TARGET_SONAME_FILE_NAME:simdjson::simdjson>
    DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
endif()
