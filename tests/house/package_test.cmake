# Installs BUILD into a fresh prefix below WORK, builds outside_project against it, and runs both programs:
# the outside one on the installed data, the installed one from a folder that has nothing to do with either.
set(prefix "${WORK}/moved prefix")
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${WORK}" RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    string(REPLACE ";" " " command "${ARGN}")
    message(FATAL_ERROR "${command}\n${output}\nstatus ${status}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect text)
  string(FIND "${output}" "${text}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "expected '${text}' in\n${output}")
  endif()
endfunction()

# Installed somewhere, then moved: neither the package nor the program may remember the first place.
run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/first prefix")
file(RENAME "${WORK}/first prefix" "${prefix}")

run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/outside_project" -B "${WORK}/outside" -G Ninja
  "-DCMAKE_PREFIX_PATH=${prefix}" "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_CXX_FLAGS=${FLAGS}")
run("${CMAKE_COMMAND}" --build "${WORK}/outside")
run("${WORK}/outside/outside")
expect("rt_flash2 on a100_sxm4_80gb:")
expect("slope 2.00")
message("${output}")

# A version that this is not: refused.
execute_process(COMMAND "${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/outside_project" -B "${WORK}/too_new" -G Ninja
  "-DCMAKE_PREFIX_PATH=${prefix}" "-DCMAKE_CXX_COMPILER=${COMPILER}" -DROOFTILE_WANTED=9.0
  RESULT_VARIABLE status OUTPUT_QUIET ERROR_VARIABLE output)
if(status EQUAL 0)
  message(FATAL_ERROR "find_package(rooftile 9.0) succeeded")
endif()
expect("compatible with requested version \"9.0\"")

# The installed program and its own data, which alone lies there.
file(WRITE "${prefix}/share/rooftile/hw_profiles/only_here.yaml" "extends: a100_sxm4_80gb\nname: only_here\n")
run("${prefix}/bin/rooftile" profile list)
expect("only_here")
# Constants come along with the specs.
run("${prefix}/bin/rooftile" predict -p a100_sxm4_80gb -k vllm_fa2 --dtype bf16 --heads 8 --seq 4096 --head-dim 128)
expect("calls on a100_sxm4_80gb")
