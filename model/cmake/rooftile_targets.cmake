# Helpers that every module's CMakeLists.txt uses.

# Warnings are errors here and only here: a project that uses rooftile keeps its own.
add_library(rooftile_warnings INTERFACE)
target_compile_options(rooftile_warnings INTERFACE -Wall -Wextra -Wconversion -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlapping copies in `"text" + std::string` when it optimises; there are none (GCC bug 105651).
  target_compile_options(rooftile_warnings INTERFACE -Wno-restrict)
endif()
if(ROOFTILE_SANITIZE)
  target_compile_options(rooftile_warnings INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(rooftile_warnings INTERFACE -fsanitize=address,undefined)
endif()

# rooftile_module(NAME FOLDER [SOURCES ...] [LINK ...] [PRIVATE_LINK ...])
# Static library rooftile_NAME (alias rooftile::NAME) with the include root FOLDER/include; without sources: interface library.
# Every public header is compiled alone by the target all_verify_interface_header_sets.
function(rooftile_module name folder)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${folder}/include/*.hpp")
  if(arg_SOURCES)
    add_library(rooftile_${name} STATIC ${arg_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(rooftile_${name} PRIVATE $<BUILD_INTERFACE:rooftile_warnings> ${arg_PRIVATE_LINK})
    target_include_directories(rooftile_${name} PRIVATE "${folder}/src")
  else()
    add_library(rooftile_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(rooftile::${name} ALIAS rooftile_${name})
  set_target_properties(rooftile_${name} PROPERTIES EXPORT_NAME ${name} VERIFY_INTERFACE_HEADER_SETS ON)
  target_compile_features(rooftile_${name} ${scope} cxx_std_20)
  target_link_libraries(rooftile_${name} ${scope} ${arg_LINK})
  if(headers)
    target_sources(rooftile_${name} ${scope} FILE_SET HEADERS BASE_DIRS "${folder}/include" FILES ${headers})
  else()
    target_include_directories(rooftile_${name} ${scope} $<BUILD_INTERFACE:${folder}/include>)
  endif()
endfunction()
