# What `cmake --install` puts where: headers, library, command and its manual, pkg-config file, CMake package.
include(CMakePackageConfigHelpers)

install(TARGETS vramauto EXPORT vramautoTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT dev)
install(FILES ${PROJECT_SOURCE_DIR}/include/vramauto/vramauto.h ${PROJECT_SOURCE_DIR}/include/vramauto/vramauto_plugin.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/vramauto COMPONENT dev)
if(VRAMAUTO_BUILD_CLI)
  install(TARGETS vramauto_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
endif()
if(TARGET vramauto_serve)
  install(TARGETS vramauto_serve RUNTIME_DEPENDENCY_SET vramauto_serve
    RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/vramauto COMPONENT tools)
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

# The command's manual page and bash completion are made by asking it: not where it cannot be run, nor without Python.
find_package(Python3 QUIET COMPONENTS Interpreter)
if(VRAMAUTO_BUILD_CLI AND Python3_FOUND AND NOT CMAKE_CROSSCOMPILING AND NOT VRAMAUTO_WHEEL)
  set(manual ${PROJECT_BINARY_DIR}/share/vramauto.1.gz)
  set(completion ${PROJECT_BINARY_DIR}/share/vramauto)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/share)
  file(GLOB tables CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/detect/catalogue_table.cpp ${PROJECT_SOURCE_DIR}/src/model/catalogue_*.hpp)
  add_custom_command(OUTPUT ${manual} ${completion}
    COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/manual.py $<TARGET_FILE:vramauto_cli> ${PROJECT_SOURCE_DIR} ${manual} ${completion}
    DEPENDS vramauto_cli vramauto $<TARGET_NAME_IF_EXISTS:vramauto_serve> ${tables} ${CMAKE_CURRENT_LIST_DIR}/manual.py ${CMAKE_CURRENT_LIST_DIR}/vramauto.1.in
      ${CMAKE_CURRENT_LIST_DIR}/vramauto.bash.in
    COMMENT "Writing the manual page and bash completion" VERBATIM)
  add_custom_target(vramauto_manual ALL DEPENDS ${manual} ${completion})
  install(FILES ${manual} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tools)
  install(FILES ${completion} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT tools)
else()
  message(STATUS "No manual page and no bash completion: they are made by running the command, with Python 3")
endif()

include(${CMAKE_CURRENT_LIST_DIR}/package.cmake)
