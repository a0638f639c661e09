# ROOFTILE_CUDA: is there a CUDA compiler, and must there be one? One line says what follows from it.
#
#   rooftile_add_device_kernels()       -> rooftile_device_kernels, if there is one: every kernel of the registry
#   rooftile_join_cuda(OUT SOURCES...)  -> the sources; with CMAKE_UNITY_BUILD a few files that include them
include("${CMAKE_CURRENT_LIST_DIR}/rooftile_registry.cmake")

if(NOT ROOFTILE_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "ROOFTILE_CUDA=${ROOFTILE_CUDA}: allowed: AUTO, ON, OFF")
endif()

set(rooftile_cuda_found OFF)
if(NOT ROOFTILE_CUDA STREQUAL "OFF")
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    set(rooftile_cuda_found ON)
  elseif(ROOFTILE_CUDA STREQUAL "ON")
    message(FATAL_ERROR "ROOFTILE_CUDA=ON: no CUDA compiler found; put nvcc on the PATH, set CMAKE_CUDA_COMPILER, "
                        "or use AUTO")
  endif()
endif()

if(rooftile_cuda_found)
  # A100 and H100; cubins alone, so that ptxas reports what runs.
  set(CMAKE_CUDA_ARCHITECTURES "80-real;90a-real" CACHE STRING "GPUs that the kernels are compiled for")
  enable_language(CUDA)
  # CMake 3.25 does not know how nvcc is asked for C++20.
  foreach(kind STANDARD EXTENSION)
    if(NOT DEFINED CMAKE_CUDA20_${kind}_COMPILE_OPTION)
      set(CMAKE_CUDA20_${kind}_COMPILE_OPTION -std=c++20)
    endif()
  endforeach()
  message(STATUS "ROOFTILE_CUDA=${ROOFTILE_CUDA}: nvcc ${CMAKE_CUDA_COMPILER_VERSION} found, kernels are compiled for "
                 "${CMAKE_CUDA_ARCHITECTURES}")
else()
  message(STATUS "ROOFTILE_CUDA=${ROOFTILE_CUDA}: no CUDA compiler, kernels run on the CPU alone; the committed ptxas "
                 "report is checked, no new one is made")
endif()

cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH rooftile_cuda_root)  # kernels/

# One .cu per text and element type; what ptxas says of each lies beside its object file (ptxas_report.cmake reads it).
function(rooftile_add_device_kernels)
  set(sources "${rooftile_cuda_root}/cuda/tensor_map.cu")
  set(sm90a_sources)
  rooftile_registry_texts(texts)
  foreach(text IN LISTS texts)
    foreach(element IN LISTS rooftile_elements)
      set(source "${CMAKE_CURRENT_BINARY_DIR}/device/${text}_${element}.cu")
      configure_file("${rooftile_cuda_root}/cuda/instance.cu.in" "${source}" @ONLY)
      if(text IN_LIST rooftile_sm90a_texts)
        list(APPEND sm90a_sources "${source}")
      else()
        list(APPEND sources "${source}")
      endif()
    endforeach()
  endforeach()

  add_library(rooftile_device_kernels_sm90a OBJECT ${sm90a_sources})
  set_target_properties(rooftile_device_kernels_sm90a PROPERTIES CUDA_ARCHITECTURES 90a-real)
  add_library(rooftile_device_kernels STATIC ${sources} $<TARGET_OBJECTS:rooftile_device_kernels_sm90a>)
  foreach(target IN ITEMS rooftile_device_kernels rooftile_device_kernels_sm90a)
    target_include_directories(${target} PRIVATE "${rooftile_cuda_root}")
    target_include_directories(${target} PUBLIC
      "${rooftile_cuda_root}/include" "${PROJECT_SOURCE_DIR}/model/include")
    target_compile_options(${target} PRIVATE -Xptxas=-v -Xcompiler=-Wall,-Wextra)
    set_target_properties(${target} PROPERTIES
      CUDA_COMPILER_LAUNCHER "${rooftile_cuda_root}/cuda/ptxas_log.sh;${CMAKE_CXX_COMPILER_LAUNCHER}")
  endforeach()
endfunction()

# CMake joins CUDA sources from 3.31 on only. Five to a file: most of a compilation goes into the standard headers, which
# nvcc reads four times.
function(rooftile_join_cuda out)
  if(NOT CMAKE_UNITY_BUILD)
    set(${out} ${ARGN} PARENT_SCOPE)
    return()
  endif()
  set(joined)
  list(LENGTH ARGN left)
  set(i 0)
  while(left GREATER 0)
    list(SUBLIST ARGN ${i} 5 batch)
    list(TRANSFORM batch REPLACE "(.+)" "#include \"\\1\"")
    list(JOIN batch "\n" text)
    file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/joined_${i}.cu" CONTENT "${text}\n" @ONLY)
    list(APPEND joined "${CMAKE_CURRENT_BINARY_DIR}/joined_${i}.cu")
    math(EXPR i "${i} + 5")
    math(EXPR left "${left} - 5")
  endwhile()
  set(${out} ${joined} PARENT_SCOPE)
endfunction()
