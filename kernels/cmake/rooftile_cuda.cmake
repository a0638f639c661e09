# ROOFTILE_CUDA: is there a CUDA compiler, and must there be one? One line says what follows from it.
if(NOT ROOFTILE_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "ROOFTILE_CUDA=${ROOFTILE_CUDA}: allowed: AUTO, ON, OFF")
endif()

set(rooftile_cuda_found "")
if(NOT ROOFTILE_CUDA STREQUAL "OFF")
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    set(rooftile_cuda_found "${CMAKE_CUDA_COMPILER} found, ")
  elseif(ROOFTILE_CUDA STREQUAL "ON")
    message(FATAL_ERROR "ROOFTILE_CUDA=ON: no CUDA compiler found; put nvcc on the PATH, set CMAKE_CUDA_COMPILER, "
                        "or use AUTO")
  endif()
endif()
message(STATUS "ROOFTILE_CUDA=${ROOFTILE_CUDA}: ${rooftile_cuda_found}no CUDA kernels in this version, everything builds without")
