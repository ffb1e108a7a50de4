# Has cuda_check.cpp compare our driver declarations with the CUDA Toolkit's, where there is one. The toolkit is optional: nothing of
# it is linked or shipped. Its usual folder is not always on a search path, so that is looked into as well.
find_package(CUDAToolkit QUIET)
if(NOT CUDAToolkit_FOUND)
  find_path(VRAMAUTO_CUDA_INCLUDE cuda.h PATHS /usr/local/cuda/include /opt/cuda/include $ENV{CUDA_HOME}/include $ENV{CUDA_PATH}/include)
endif()
set(cuda_include ${CUDAToolkit_INCLUDE_DIRS})
if(NOT cuda_include AND VRAMAUTO_CUDA_INCLUDE)
  set(cuda_include ${VRAMAUTO_CUDA_INCLUDE})
endif()

if(cuda_include)
  list(GET cuda_include 0 cuda_include)
  set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/cuda_check.cpp PROPERTIES
    COMPILE_DEFINITIONS VRAMAUTO_CUDA_TOOLKIT COMPILE_OPTIONS "-isystem;${cuda_include}")
  set(cuda_check "CUDA Toolkit found: checking driver declarations against ${cuda_include}/cuda.h")
else()
  set(cuda_check "CUDA Toolkit not found: check of the driver declarations skipped")
endif()
message(STATUS "${cuda_check}")
set_property(GLOBAL PROPERTY VRAMAUTO_CUDA_CHECK "${cuda_check}")  # for the test that repeats it
set_property(GLOBAL PROPERTY VRAMAUTO_CUDA_INCLUDE "${cuda_include}")
