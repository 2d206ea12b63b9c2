set(wire_tools unit/test_wire_tools.c unit/test_wire_write.c)
comity_test(wire_scan SOURCES unit/test_wire_scan.c LIBS cm_wire)
comity_test(wire_schema SOURCES unit/test_wire_schema.c ${wire_tools} LIBS cm_wire)
comity_test(wire_codec SOURCES unit/test_wire_codec.c ${wire_tools} LIBS cm_wire)
comity_test(wire_fields SOURCES unit/test_wire_fields.c ${wire_tools} LIBS cm_wire)
comity_test(wire_fold SOURCES unit/test_wire_fold.c LIBS cm_wire)
comity_test(wire_hostile SOURCES unit/test_wire_hostile.c ${wire_tools} LIBS cm_wire)
comity_plain_test(wire_golden
  SOURCES unit/test_wire_golden.c unit/test_wire_samples.c unit/test_wire_print.c ${wire_tools}
  LIBS cm_wire)

# The vectors again, by an implementation that is not ours. 77: no node or npm here, and it says so.
add_test(NAME wire_vectors_by_npm
  COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/golden/wire/run.sh ${CMAKE_CURRENT_BINARY_DIR}/golden-wire ${PROJECT_SOURCE_DIR}/protocol/README.md)
set_tests_properties(wire_vectors_by_npm PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
