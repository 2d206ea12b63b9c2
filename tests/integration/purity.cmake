# The pure cores, one "name<TAB>library" a line, for the test that reads their undefined symbols.
# Every target is declared before the tests are, so the list is whole here.
get_property(pure_targets GLOBAL PROPERTY COMITY_PURE_TARGETS)
set(pure_lines "")
foreach(target IN LISTS pure_targets)
  string(APPEND pure_lines "${target}\t$<TARGET_FILE:${target}>\n")
endforeach()
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/pure_targets.txt CONTENT "${pure_lines}")

# A core that reaches for the world on purpose: the test must catch each of its calls.
add_library(purity_planted STATIC integration/purity_planted.c)
comity_target(purity_planted)

add_test(NAME purity COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/purity.sh
  ${CMAKE_NM} ${PROJECT_BINARY_DIR}/pure_targets.txt $<TARGET_FILE:purity_planted>)
