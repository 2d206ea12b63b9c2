# The flags of CMakeLists.txt, read off the programs that are shipped.
add_executable(hardened_soft integration/hardened_soft.c)
target_compile_options(hardened_soft PRIVATE -O0 -fno-stack-protector -U_FORTIFY_SOURCE -fno-pie)
target_link_options(hardened_soft PRIVATE -no-pie -Wl,-z,norelro -Wl,-z,lazy -Wl,-z,execstack -Wl,-rpath,/tmp)
set(fortified 1)
if(COMITY_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(fortified 0)
endif()
add_test(NAME hardened COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/hardened.sh
  ${CMAKE_READELF} ${CMAKE_NM} ${fortified} $<TARGET_FILE:hardened_soft>
  $<TARGET_FILE:comity> $<TARGET_FILE:comity-node> $<TARGET_FILE:comity-router>)
