add_test(NAME law_canonical
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/law/canonical.sh $<TARGET_FILE:comity> ${PROJECT_SOURCE_DIR}/jurisdictions/law)
