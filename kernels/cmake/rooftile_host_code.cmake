# Code that runs on the host's 32-lane values: kernel texts and the machine they run on. It is compiled with
# optimisation in every configuration, because it is nothing but inner loops, and for the vectors of the machine at hand.
# -O3 makes it no faster (paired runs of the tests of numerics and gradients) and takes twice as long to compile.
#
#   rooftile_host_code(target)        options and the private include root kernels/
include(CheckCXXSourceRuns)

check_cxx_source_runs("
  int main() {
    const bool v3 = __builtin_cpu_supports(\"avx2\") && __builtin_cpu_supports(\"fma\") && __builtin_cpu_supports(\"f16c\") &&
                    __builtin_cpu_supports(\"bmi2\");
    return v3 ? 0 : 1;
  }" ROOFTILE_HAS_X86_64_V3)
set(default_host_arch "")
if(ROOFTILE_HAS_X86_64_V3)
  set(default_host_arch x86-64-v3)
endif()
set(ROOFTILE_HOST_ARCH "${default_host_arch}" CACHE STRING
  "-march of the kernels' host execution; empty: runs on any machine, at a fraction of the speed")

function(rooftile_host_code target)
  cmake_path(SET root NORMALIZE "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/..")
  target_include_directories(${target} PRIVATE "${root}")
  target_compile_options(${target} PRIVATE
    $<IF:$<CONFIG:Debug>,-O1,-O2> -Wno-psabi $<$<BOOL:${ROOFTILE_HOST_ARCH}>:-march=${ROOFTILE_HOST_ARCH}>)
endfunction()
