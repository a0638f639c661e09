# What `cmake --install` lays down, and what find_package(rooftile 0.1 CONFIG) then finds:
#
#   include/rooftile/<module>/   public headers
#   lib/                         librooftile_model.a, ...
#   lib/cmake/rooftile/          rooftile::model, rooftile::model_yaml, rooftile::sim, rooftile::kernels, rooftile::analysis
#   share/rooftile/              profiles, specs, experiments and reference data, laid out like the source tree
#   bin/rooftile                 the program (experiments/CMakeLists.txt)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/rooftile")
set(data_dir "${CMAKE_INSTALL_DATADIR}/rooftile")

foreach(module model model_yaml sim kernels analysis)
  set(file_set "")
  get_target_property(header_sets rooftile_${module} INTERFACE_HEADER_SETS)
  if(header_sets)
    set(file_set FILE_SET HEADERS)
  endif()
  install(TARGETS rooftile_${module} EXPORT rooftileTargets ${file_set})
endforeach()
install(EXPORT rooftileTargets NAMESPACE rooftile:: DESTINATION "${package_dir}")

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/model/cmake/rooftileConfig.cmake.in" "${PROJECT_BINARY_DIR}/rooftileConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" PATH_VARS data_dir)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/rooftileConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/rooftileConfig.cmake" "${PROJECT_BINARY_DIR}/rooftileConfigVersion.cmake"
  DESTINATION "${package_dir}")

install(DIRECTORY hw_profiles DESTINATION "${data_dir}" FILES_MATCHING PATTERN "*.yaml")
install(DIRECTORY kernels/specs kernels/calibrations DESTINATION "${data_dir}/kernels" FILES_MATCHING PATTERN "*.yaml")
install(DIRECTORY experiments/calibration experiments/validation DESTINATION "${data_dir}/experiments" FILES_MATCHING PATTERN "*.yaml")
install(DIRECTORY experiments/reference DESTINATION "${data_dir}/experiments"
  FILES_MATCHING PATTERN "*.yaml" PATTERN "*.csv" PATTERN "*.md")
file(GLOB experiment_files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/experiments/*.yaml")
install(FILES ${experiment_files} DESTINATION "${data_dir}/experiments")
