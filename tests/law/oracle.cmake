# The engine against its oracles (tests/unit/test_engine_oracle.c) and on changed law: with sanitizers these
# take half a minute each, so there a part of them runs, and all of them here, in the release build that
# the simulator makes (tests/sim/sim.cmake), one after the other, since they build in one place.
if(COMITY_SANITIZE)
  foreach(test engine_oracle engine_properties_law)
    add_test(NAME ${test}_whole COMMAND ${CMAKE_CTEST_COMMAND}
      --build-and-test ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/sim-release
      --build-generator ${CMAKE_GENERATOR} --build-makeprogram ${CMAKE_MAKE_PROGRAM}
      --build-noclean --build-target test_${test}
      --build-options -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=${CMAKE_C_COMPILER}
      --test-command ${PROJECT_BINARY_DIR}/sim-release/tests/test_${test})
    # A set's facts and decisions are large blocks, which malloc gives back to the kernel and asks for anew
    # thousands of times: it takes three times as long as the work. So it keeps them.
    set_tests_properties(${test}_whole PROPERTIES FIXTURES_REQUIRED sim_release RESOURCE_LOCK sim_release
      TIMEOUT 600 ENVIRONMENT
      "MALLOC_MMAP_THRESHOLD_=1073741824;MALLOC_TRIM_THRESHOLD_=1073741824;MALLOC_TOP_PAD_=67108864")
  endforeach()
endif()
