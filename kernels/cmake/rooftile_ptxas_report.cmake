# What ptxas says of every compiled kernel, as a table.
#
#   rooftile_add_ptxas_report()
#     rooftile_ptxas_report     library that reads it and compares it with the tile table; needs no CUDA
#     ptxas_report              with nvcc: the report of this build, kernels/ptxas_report.csv in the build folder
#     update_ptxas_report       with nvcc: puts it in place of the committed kernels/ptxas_report.csv
function(rooftile_add_ptxas_report)
  add_library(rooftile_ptxas_report STATIC "${rooftile_cuda_root}/cuda/ptxas_report.cpp")
  target_include_directories(rooftile_ptxas_report PUBLIC "${rooftile_cuda_root}")
  target_include_directories(rooftile_ptxas_report PRIVATE
    "${rooftile_cuda_root}/include" "${PROJECT_SOURCE_DIR}/model/include")
  target_compile_features(rooftile_ptxas_report PUBLIC cxx_std_20)
  target_link_libraries(rooftile_ptxas_report PRIVATE rooftile_warnings)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC 12 with sanitizers takes std::regex to read uninitialised members; it does not (GCC bug 105562).
    target_compile_options(rooftile_ptxas_report PRIVATE -Wno-maybe-uninitialized)
  endif()
  if(NOT TARGET rooftile_device_kernels)
    return()
  endif()

  add_executable(rooftile_write_ptxas_report "${rooftile_cuda_root}/cuda/ptxas_report_main.cpp")
  target_link_libraries(rooftile_write_ptxas_report PRIVATE rooftile_ptxas_report rooftile_warnings)
  set(fresh "${CMAKE_CURRENT_BINARY_DIR}/ptxas_report.csv")
  set(committed "${rooftile_cuda_root}/ptxas_report.csv")
  add_custom_command(OUTPUT "${fresh}"
    COMMAND rooftile_write_ptxas_report "nvcc ${CMAKE_CUDA_COMPILER_VERSION}" "${fresh}"
            $<TARGET_OBJECTS:rooftile_device_kernels> $<TARGET_OBJECTS:rooftile_device_kernels_sm90a>
    DEPENDS rooftile_write_ptxas_report rooftile_device_kernels $<TARGET_OBJECTS:rooftile_device_kernels>
            $<TARGET_OBJECTS:rooftile_device_kernels_sm90a>
    COMMENT "Reading what ptxas says of the kernels"
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(ptxas_report ALL DEPENDS "${fresh}")
  add_custom_target(update_ptxas_report
    COMMAND "${CMAKE_COMMAND}" -E copy "${fresh}" "${committed}" DEPENDS "${fresh}")

  # Another nvcc may count otherwise: only the version that made the committed report is held to it.
  file(STRINGS "${committed}" made_by LIMIT_COUNT 1)
  if(made_by STREQUAL "# nvcc ${CMAKE_CUDA_COMPILER_VERSION}")
    set_target_properties(ptxas_report PROPERTIES ROOFTILE_FRESH_REPORT "${fresh}")
  else()
    message(STATUS "kernels/ptxas_report.csv is by '${made_by}', this is nvcc ${CMAKE_CUDA_COMPILER_VERSION}: the fresh "
                   "report is not compared with it (cmake --build . --target update_ptxas_report)")
  endif()
endfunction()
