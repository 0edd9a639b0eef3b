# Supervisor, card control and virtual reader: how the runner gets processes and a card.
set(vreader_dir ${CMAKE_CURRENT_LIST_DIR})
add_library(mdcts_vreader STATIC
  ${vreader_dir}/supervisor.c ${vreader_dir}/supervisor_serve.c ${vreader_dir}/supervisor_tree.c
  ${vreader_dir}/supervisor_folder.c ${vreader_dir}/card_control.c ${vreader_dir}/virtual_reader.c)
target_include_directories(mdcts_vreader PUBLIC ${vreader_dir})
target_link_libraries(mdcts_vreader PUBLIC mdcts_options mdcts_sanitize)

mdcts_unit_test(supervisor_test SOURCES ${vreader_dir}/supervisor_test.c LIBS mdcts_vreader)
