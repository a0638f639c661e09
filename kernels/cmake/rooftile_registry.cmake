# The registry as CMake reads it: every text that text/registry.inc names, once, in order. Whoever compiles texts goes
# over this list, so that a new kernel needs its line there and nothing here.
#
#   rooftile_registry_texts(texts)                  -> standard;flash2
#   foreach(text IN LISTS texts)
#     foreach(element IN LISTS rooftile_elements)   -> fp16;bf16, the types of isa/isa.hpp
set(rooftile_elements fp16 bf16)
# Texts whose kernels say sm90a_only: for the GPU they are compiled for 90a-real alone.
set(rooftile_sm90a_texts flash3)

function(rooftile_registry_texts out)
  set(registry "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../text/registry.inc")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${registry}")
  file(STRINGS "${registry}" lines REGEX "^ROOFTILE_ENTRY\\(")
  set(texts)
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "^ROOFTILE_ENTRY\\( *([a-z0-9_]+), *([A-Za-z0-9_:]+), *([a-z0-9_]+) *\\)$")
      message(FATAL_ERROR "${registry}: '${line}' is not ROOFTILE_ENTRY(name, class, text)")
    endif()
    list(APPEND texts "${CMAKE_MATCH_3}")
  endforeach()
  if(NOT texts)
    message(FATAL_ERROR "${registry} names no kernel")
  endif()
  list(REMOVE_DUPLICATES texts)
  set(${out} "${texts}" PARENT_SCOPE)
endfunction()
