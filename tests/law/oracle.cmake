# The engine against its oracles (tests/unit/test_engine_oracle.c) and on changed law: with sanitizers these
# take half a minute each, so there a part of them runs, and all of them here, in the release build that
# the simulator has too (tests/sim/sim.cmake).
if(COMITY_SANITIZE)
  foreach(test engine_oracle engine_properties_law)
    set_property(GLOBAL APPEND PROPERTY COMITY_RELEASE_TARGETS test_${test})
    add_test(NAME ${test}_whole COMMAND ${PROJECT_BINARY_DIR}/sim-release/tests/test_${test})
    # A set's facts and decisions are large blocks, which malloc gives back to the kernel and asks for anew
    # thousands of times: it takes three times as long as the work. So it keeps them.
    set_tests_properties(${test}_whole PROPERTIES FIXTURES_REQUIRED sim_release TIMEOUT 600 ENVIRONMENT
      "MALLOC_MMAP_THRESHOLD_=1073741824;MALLOC_TRIM_THRESHOLD_=1073741824;MALLOC_TOP_PAD_=67108864")
  endforeach()
endif()
