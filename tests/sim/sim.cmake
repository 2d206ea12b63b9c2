# The simulator. test_sim runs on the cores as the daemons have them; test_sim_planted compiles some of them
# once more, with bugs put in on purpose, each of which must be found within 1,000 seeds.
set(sim_sources sim/main.c sim/sim.c sim/sim_check_alike.c sim/sim_check_clock.c sim/sim_check_leaving.c
  sim/sim_check_memory.c sim/sim_check_outcome.c sim/sim_check_rest.c sim/sim_check_stored.c
  sim/sim_check_told.c sim/sim_check_word.c sim/sim_client.c sim/sim_clocks.c sim/sim_disk.c sim/sim_fault.c sim/sim_law.c
  sim/sim_net.c sim/sim_person.c sim/sim_process.c sim/sim_read.c)
set(sim_libs cm_router cm_desk cm_office cm_seal)

add_executable(test_sim ${sim_sources})
comity_target(test_sim)
target_link_libraries(test_sim PRIVATE ${sim_libs})

# Every file that has a plant in it (protocol/base/plant.h). The program's own objects come first, so that
# the libraries' are not taken.
set(planted_sources protocol/post/office.c protocol/post/office_batch.c
  protocol/post/office_in.c protocol/post/office_out.c router/case.c router/case_clock.c
  router/case_detail.c router/case_owner.c
  router/case_revise.c router/case_send.c router/docket_alike.c router/docket_word.c
  router/plan_guard.c
  nodes/desk/desk_ask.c nodes/desk/desk_case.c nodes/desk/desk_hand.c nodes/desk/desk_outcome.c
  nodes/desk/desk_owner.c nodes/desk/desk_rebuild.c)
list(TRANSFORM planted_sources PREPEND ${PROJECT_SOURCE_DIR}/)
add_executable(test_sim_planted ${sim_sources} ${planted_sources})
comity_target(test_sim_planted)
target_compile_definitions(test_sim_planted PRIVATE COMITY_PLANT)
target_link_libraries(test_sim_planted PRIVATE ${sim_libs})

add_test(NAME sim_repeats COMMAND test_sim --repeat 20)
add_test(NAME sim_planted_nothing COMMAND test_sim_planted --seeds 50)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/protocol/base/plant.h)
file(READ ${PROJECT_SOURCE_DIR}/protocol/base/plant.h plants)
string(REGEX MATCHALL "X\\([A-Z_]+, " plants "${plants}")
foreach(plant IN LISTS plants)
  string(REGEX REPLACE "X\\(([A-Z_]+), " "\\1" plant "${plant}")
  if(NOT plant STREQUAL "NONE")
    string(TOLOWER ${plant} name)
    add_test(NAME sim_finds_${name} COMMAND test_sim_planted --plant ${plant} --seeds 1000)
  endif()
endforeach()

# 10,000 seeds in two halves, so that two cores share them. With sanitizers or counters a seed takes
# several times as long: there 200 run, and the 10,000 in a release build of their own.
set(sim_halves "1;5001")
if(COMITY_SANITIZE OR COMITY_COVERAGE)
  add_test(NAME sim_sanitized COMMAND test_sim --seeds 200)
endif()
if(COMITY_SANITIZE)
  add_test(NAME sim_build COMMAND ${CMAKE_CTEST_COMMAND}
    --build-and-test ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/sim-release
    --build-generator ${CMAKE_GENERATOR} --build-makeprogram ${CMAKE_MAKE_PROGRAM}
    --build-noclean --build-target test_sim
    --build-options -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=${CMAKE_C_COMPILER}
    --test-command ${PROJECT_BINARY_DIR}/sim-release/tests/test_sim --repeat 20)
  set_tests_properties(sim_build PROPERTIES FIXTURES_SETUP sim_release TIMEOUT 600)
  foreach(from IN LISTS sim_halves)
    add_test(NAME sim_from_${from} COMMAND ${PROJECT_BINARY_DIR}/sim-release/tests/test_sim
      --seeds 5000 --from ${from})
    set_tests_properties(sim_from_${from} PROPERTIES FIXTURES_REQUIRED sim_release TIMEOUT 600)
  endforeach()
elseif(NOT COMITY_COVERAGE)
  foreach(from IN LISTS sim_halves)
    add_test(NAME sim_from_${from} COMMAND test_sim --seeds 5000 --from ${from})
    set_tests_properties(sim_from_${from} PROPERTIES TIMEOUT 600)
  endforeach()
endif()
