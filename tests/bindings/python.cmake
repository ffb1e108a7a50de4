# The Python package against the installed library, twice: the second time with a garbage collector that never rests.
option(VRAMAUTO_TEST_WHEEL "Build a wheel in a test: takes as long as building the library" OFF)

if(NOT VRAMAUTO_SANITIZE)  # a sanitized library cannot be loaded into an interpreter that is not
  set(suite ${PROJECT_SOURCE_DIR}/bindings/python/tests/run.py)
  binding_test(python Python3::Interpreter ${suite})
  binding_test(python_gc Python3::Interpreter ${suite} --gc)
  set_property(TEST bindings.python bindings.python_gc APPEND PROPERTY ENVIRONMENT
    PYTHONDONTWRITEBYTECODE=1 VRAMAUTO_FAKE_NVML=$<TARGET_FILE:vramauto_fake_nvml>)

  set(skip --skip)
  if(VRAMAUTO_TEST_WHEEL)
    set(skip "")
  endif()
  add_test(NAME bindings.wheel COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/wheel.py ${skip})
  set_tests_properties(bindings.wheel PROPERTIES LABELS "bindings;wheel" TIMEOUT 3600 SKIP_RETURN_CODE 77)
endif()
