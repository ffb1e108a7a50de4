# Packages by `cpack`: three .deb of a build with VRAMAUTO_DEB (.presets/deb.cmake), else one tarball that runs where it is unpacked.
option(VRAMAUTO_DEB "The packages are Debian's: installed below /usr, found by the system's loader" OFF)
option(VRAMAUTO_CARRY_SIMDJSON "What is installed carries shared libraries that machines may lack: simdjson, the service's cpp-httplib" OFF)
set(VRAMAUTO_CONTACT "vramauto maintainers <maintainers@vramauto.org>" CACHE STRING "Maintainer of the packages")

set(CPACK_PACKAGE_NAME vramauto)
set(CPACK_PACKAGE_VENDOR vramauto)
set(CPACK_PACKAGE_CONTACT ${VRAMAUTO_CONTACT})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "GPU memory of language models in inference engines")
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_THREADS 0)

if(VRAMAUTO_CARRY_SIMDJSON)
  find_package(simdjson REQUIRED)
  get_target_property(kind simdjson::simdjson TYPE)
  if(kind STREQUAL SHARED_LIBRARY)
    set_target_properties(vramauto PROPERTIES INSTALL_RPATH "$ORIGIN")
    install(FILES $<TARGET_FILE:simdjson::simdjson> RENAME $<TARGET_SONAME_FILE_NAME:simdjson::simdjson>
      DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
  endif()
  # OpenSSL and zlib are the system's, which mends them.
  if(TARGET vramauto_serve)
    install(RUNTIME_DEPENDENCY_SET vramauto_serve PRE_INCLUDE_REGEXES libcpp-httplib libbrotli PRE_EXCLUDE_REGEXES .*
      LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT tools)
  endif()
endif()

if(NOT VRAMAUTO_DEB)
  set(CPACK_GENERATOR TGZ)
  set(CPACK_PACKAGE_FILE_NAME vramauto-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR})
  include(CPack)
  return()
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL library dev tools)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SOURCE vramauto)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(exactly "(= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")

# Says for programs that were linked with the library which version they need; and ldconfig is run.
file(WRITE ${PROJECT_BINARY_DIR}/debian/shlibs "libvramauto 0 libvramauto0 (>= ${PROJECT_VERSION})\n")
file(WRITE ${PROJECT_BINARY_DIR}/debian/triggers "activate-noawait ldconfig\n")

set(about "Says before anything is loaded how an inference engine such as vLLM will use
GPU memory, and which settings start.
.
")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libvramauto0)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
configure_file(${CMAKE_CURRENT_LIST_DIR}/debian/depends.cmake.in ${PROJECT_BINARY_DIR}/debian/depends.cmake @ONLY)
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_BINARY_DIR}/debian/depends.cmake)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_RECOMMENDS "libcurl4 | libcurl3-gnutls")  # opened by name, when the hub is asked
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${PROJECT_BINARY_DIR}/debian/shlibs ${PROJECT_BINARY_DIR}/debian/triggers)
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION "${about}The library, and the plugins that describe models.")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libvramauto-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libvramauto0 ${exactly}")
set(CPACK_DEBIAN_DEV_DESCRIPTION "${about}The C headers, for programs and for plugins, the pkg-config file and the CMake
package.")

set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME vramauto)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS "libvramauto0 ${exactly}")
set(CPACK_DEBIAN_TOOLS_DESCRIPTION "${about}The command vramauto, its manual page and its bash completion.")

# What Debian wants of every package: under which terms, and what changed.
add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/debian/changelog.Debian.gz
  COMMAND gzip -9nc ${CMAKE_CURRENT_LIST_DIR}/debian/changelog > ${PROJECT_BINARY_DIR}/debian/changelog.Debian.gz
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/debian/changelog)
add_custom_target(vramauto_debian ALL DEPENDS ${PROJECT_BINARY_DIR}/debian/changelog.Debian.gz)
foreach(component LIBRARY DEV TOOLS)
  string(TOLOWER ${component} lower)
  install(FILES ${CMAKE_CURRENT_LIST_DIR}/debian/copyright ${PROJECT_BINARY_DIR}/debian/changelog.Debian.gz
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${CPACK_DEBIAN_${component}_PACKAGE_NAME} COMPONENT ${lower})
endforeach()
include(CPack)
