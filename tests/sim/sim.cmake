# The simulator. test_sim runs on the office as the daemons have it; test_sim_planted compiles the office
# once more, with bugs put in on purpose, each of which must be found.
set(sim_sources sim/main.c sim/sim.c sim/sim_check.c sim/sim_client.c sim/sim_disk.c sim/sim_fault.c
  sim/sim_law.c sim/sim_net.c sim/sim_process.c)
set(sim_libs cm_router cm_desk cm_office cm_seal)

add_executable(test_sim ${sim_sources})
comity_target(test_sim)
target_link_libraries(test_sim PRIVATE ${sim_libs})

# Every file that has a plant in it (protocol/base/plant.h). The program's own objects come first, so that
# the libraries' are not taken.
set(planted_sources protocol/post/office.c protocol/post/office_alarm.c protocol/post/office_effect.c
  protocol/post/office_in.c protocol/post/office_out.c router/case.c router/plan_part.c nodes/desk/desk.c)
list(TRANSFORM planted_sources PREPEND ${PROJECT_SOURCE_DIR}/)
add_executable(test_sim_planted ${sim_sources} ${planted_sources})
comity_target(test_sim_planted)
target_compile_definitions(test_sim_planted PRIVATE COMITY_PLANT)
target_link_libraries(test_sim_planted PRIVATE ${sim_libs})

add_test(NAME sim COMMAND test_sim --seeds 200)
