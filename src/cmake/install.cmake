# What `cmake --install` puts where: headers, library, command, pkg-config file, CMake package.
include(CMakePackageConfigHelpers)

install(TARGETS vramauto EXPORT vramautoTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT dev)
install(FILES ${PROJECT_SOURCE_DIR}/include/vramauto/vramauto.h ${PROJECT_SOURCE_DIR}/include/vramauto/vramauto_plugin.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/vramauto COMPONENT dev)
if(VRAMAUTO_BUILD_CLI)
  install(TARGETS vramauto_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
endif()

install(EXPORT vramautoTargets NAMESPACE vramauto::
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/vramauto COMPONENT dev)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/vramautoConfig.cmake.in ${PROJECT_BINARY_DIR}/vramautoConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/vramauto)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/vramautoConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/vramautoConfig.cmake ${PROJECT_BINARY_DIR}/vramautoConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/vramautoPlugin.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/vramauto COMPONENT dev)

# Relative to the file itself where the directories are relative, so that the installed tree can be moved as a whole.
file(RELATIVE_PATH VRAMAUTO_PC_UP /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
set(VRAMAUTO_PC_PREFIX "\${pcfiledir}/${VRAMAUTO_PC_UP}")
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(VRAMAUTO_PC_PREFIX "${CMAKE_INSTALL_PREFIX}")
endif()
foreach(dir LIBDIR INCLUDEDIR)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${dir}}")
    set(VRAMAUTO_PC_${dir} "${CMAKE_INSTALL_${dir}}")
  else()
    set(VRAMAUTO_PC_${dir} "\${prefix}/${CMAKE_INSTALL_${dir}}")
  endif()
endforeach()
configure_file(${CMAKE_CURRENT_LIST_DIR}/vramauto.pc.in ${PROJECT_BINARY_DIR}/vramauto.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/vramauto.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
