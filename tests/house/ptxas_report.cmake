# Registers, spills and static shared memory: the committed ptxas report against the tile table, and where this build
# has made a report of its own, that one against the committed.
rooftile_test(ptxas_report house
  SOURCES "${PROJECT_SOURCE_DIR}/tests/kernels/ptxas_report_test.cpp"
  LINK rooftile_ptxas_report)
target_include_directories(test_ptxas_report PRIVATE "${PROJECT_SOURCE_DIR}/model/include")
if(TARGET ptxas_report)
  add_dependencies(test_ptxas_report ptxas_report)
  get_target_property(fresh ptxas_report ROOFTILE_FRESH_REPORT)
  if(fresh)
    target_compile_definitions(test_ptxas_report PRIVATE ROOFTILE_FRESH_PTXAS_REPORT="${fresh}")
  endif()
endif()
