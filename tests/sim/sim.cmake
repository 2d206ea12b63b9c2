# The simulator. test_sim runs on the cores as the daemons have them; test_sim_planted compiles some of them
# once more, with bugs put in on purpose, each of which must be found within 1,000 seeds.
set(sim_sources sim/sim.c sim/sim_check_alike.c sim/sim_check_clock.c sim/sim_check_leaving.c
  sim/sim_check_memory.c sim/sim_check_outcome.c sim/sim_check_rest.c sim/sim_check_stored.c
  sim/sim_check_told.c sim/sim_check_word.c sim/sim_client.c sim/sim_clocks.c sim/sim_disk.c sim/sim_fault.c sim/sim_law.c
  sim/sim_net.c sim/sim_person.c sim/sim_process.c sim/sim_read.c)
set(sim_libs cm_router cm_desk cm_office cm_seal)

# The simulator itself has no plants: both programs have the same objects of it.
add_library(sim_code OBJECT ${sim_sources})
comity_target(sim_code)
target_link_libraries(sim_code PRIVATE ${sim_libs})

add_executable(test_sim sim/main.c $<TARGET_OBJECTS:sim_code>)
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
add_executable(test_sim_planted sim/main.c $<TARGET_OBJECTS:sim_code> ${planted_sources})
comity_target(test_sim_planted)
target_compile_definitions(test_sim_planted PRIVATE COMITY_PLANT)
target_link_libraries(test_sim_planted PRIVATE ${sim_libs})

# With sanitizers or counters a seed takes several times as long: there 200 seeds run, and what needs many, the
# 10,000 and the planted bugs, in a release build of their own. What else needs one names its target in
# COMITY_RELEASE_TARGETS (tests/law/oracle.cmake): it is built once for all. COMITY_RELEASE is where.
set(COMITY_RELEASE ${PROJECT_BINARY_DIR}/sim-release/tests)
add_test(NAME sim_repeats COMMAND test_sim --repeat 20)
if(COMITY_SANITIZE OR COMITY_COVERAGE)
  add_test(NAME sim_sanitized COMMAND test_sim --seeds 200)
endif()
if(COMITY_SANITIZE)
  set_target_properties(test_sim_planted PROPERTIES EXCLUDE_FROM_ALL ON)
  set_property(GLOBAL APPEND PROPERTY COMITY_RELEASE_TARGETS test_sim test_sim_planted)
endif()

# sim_test(NAME PROGRAM ARGUMENT...): of the release build, or of this one if it is none of those.
function(sim_test name program)
  if(COMITY_SANITIZE)
    add_test(NAME ${name} COMMAND ${COMITY_RELEASE}/${program} ${ARGN})
    set_tests_properties(${name} PROPERTIES FIXTURES_REQUIRED sim_release TIMEOUT 600)
  else()
    add_test(NAME ${name} COMMAND ${program} ${ARGN})
    set_tests_properties(${name} PROPERTIES TIMEOUT 600)
  endif()
endfunction()

# In two halves, so that two cores share them.
if(NOT COMITY_COVERAGE)
  foreach(from 1 5001)
    sim_test(sim_from_${from} test_sim --seeds 5000 --from ${from})
  endforeach()
endif()

sim_test(sim_planted_nothing test_sim_planted --seeds 50)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/protocol/base/plant.h)
file(READ ${PROJECT_SOURCE_DIR}/protocol/base/plant.h plants)
string(REGEX MATCHALL "X\\([A-Z_]+, " plants "${plants}")
foreach(plant IN LISTS plants)
  string(REGEX REPLACE "X\\(([A-Z_]+), " "\\1" plant "${plant}")
  if(NOT plant STREQUAL "NONE")
    string(TOLOWER ${plant} name)
    sim_test(sim_finds_${name} test_sim_planted --plant ${plant} --seeds 1000)
  endif()
endforeach()
