comity_plain_test(link_hub SOURCES integration/link/hub.c integration/link/harness.c LIBS cm_hub)
comity_plain_test(link_tls SOURCES integration/link/tls.c integration/link/harness.c LIBS cm_hub)
comity_plain_test(link_storm SOURCES integration/link/storm.c integration/link/harness.c LIBS cm_hub)

# The same code against nng as Debian ships it: proves that the storm can fail.
add_executable(storm_unshimmed integration/link/storm.c integration/link/harness.c $<TARGET_OBJECTS:cm_link_code>)
comity_target(storm_unshimmed)
target_link_libraries(storm_unshimmed PRIVATE cm_base cm_now cm_mailbox cm_seal cm_nng_bare OpenSSL::SSL)
add_test(NAME link_storm_goes_red_without_the_shims COMMAND storm_unshimmed expect-red)
