# The simulator. test_sim runs on the office as the daemons have it; test_sim_planted compiles the office
# once more, with bugs put in on purpose, each of which must be found.
set(sim_sources sim/main.c sim/sim.c sim/sim_check.c sim/sim_client.c sim/sim_disk.c sim/sim_fault.c
  sim/sim_law.c sim/sim_net.c sim/sim_process.c)
set(sim_libs cm_router cm_desk cm_office cm_seal)

add_executable(test_sim ${sim_sources})
comity_target(test_sim)
target_link_libraries(test_sim PRIVATE ${sim_libs})

# The office's own objects come first: nothing of the library's is taken.
get_property(office_sources GLOBAL PROPERTY COMITY_OFFICE_SOURCES)
add_executable(test_sim_planted ${sim_sources} ${office_sources})
comity_target(test_sim_planted)
target_compile_definitions(test_sim_planted PRIVATE COMITY_PLANT)
target_link_libraries(test_sim_planted PRIVATE ${sim_libs})

add_test(NAME sim COMMAND test_sim --seeds 200)
