# The law that is shipped stands in the one layout. What is not is named by file and line.
add_test(NAME law_canonical
  COMMAND $<TARGET_FILE:comity> rules fmt --check --law ${PROJECT_SOURCE_DIR}/jurisdictions/law)
