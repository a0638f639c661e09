# ROOFTILE_KERNELS_ONLY: rooftile-measure, for a machine with a GPU and nothing but a C++ compiler, CMake and nvcc. Of the
# model it takes what is standard C++: the tile table and the L2 of the host back end. That back end is linked where
# Boost.Context is installed; without it results are verified against float64 alone.
#
#   cmake -S . -B build/kernels -G Ninja -DROOFTILE_KERNELS_ONLY=ON && cmake --build build/kernels
set(ROOFTILE_CUDA ON)
include("${CMAKE_CURRENT_LIST_DIR}/rooftile_cuda.cmake")

add_library(rooftile_model STATIC "${PROJECT_SOURCE_DIR}/model/src/sectored_cache.cpp")
add_library(rooftile::model ALIAS rooftile_model)
target_include_directories(rooftile_model PUBLIC "${PROJECT_SOURCE_DIR}/model/include")
target_compile_features(rooftile_model PUBLIC cxx_std_20)
target_link_libraries(rooftile_model PRIVATE rooftile_warnings)

add_subdirectory("${PROJECT_SOURCE_DIR}/kernels" "${PROJECT_BINARY_DIR}/kernels")
if(NOT TARGET rooftile_kernels)
  message(STATUS "Boost.Context not found: rooftile-measure verifies against float64 alone")
endif()
