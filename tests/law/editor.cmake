# Colours for files of law, tried on all that are shipped. 77: node, npm or vim are not here.
add_test(NAME editor COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/law/editor.sh ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
add_test(NAME editor_vim COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/law/editor_vim.sh ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
set_tests_properties(editor editor_vim PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
