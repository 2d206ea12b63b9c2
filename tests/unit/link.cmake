comity_plain_test(link_mailbox SOURCES unit/test_link_mailbox.c LIBS cm_mailbox)
foreach(noun peer peer_receipt peer_rest peer_lossy)
  comity_test(link_${noun} SOURCES unit/test_link_${noun}.c unit/peer_bench.c LIBS cm_peer)
endforeach()

# The same program under ThreadSanitizer, which cannot be mixed with the other sanitizers: so from
# sources, without comity_target's options.
add_executable(test_link_mailbox_tsan unit/test_link_mailbox.c ${PROJECT_SOURCE_DIR}/protocol/link/mailbox.c
  ${PROJECT_SOURCE_DIR}/protocol/base/alloc.c)
target_compile_definitions(test_link_mailbox_tsan PRIVATE _GNU_SOURCE)
target_compile_options(test_link_mailbox_tsan PRIVATE -fsanitize=thread -g)
target_link_options(test_link_mailbox_tsan PRIVATE -fsanitize=thread)
target_include_directories(test_link_mailbox_tsan PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(test_link_mailbox_tsan PRIVATE PkgConfig::UV Threads::Threads)
add_test(NAME link_mailbox_tsan COMMAND test_link_mailbox_tsan)
