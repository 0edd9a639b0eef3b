# What every part of the runner stands on: memory, bytes, diagnostics, trees.
if(MDCTS_FUZZ)
  set(arena fuzz/arena_exact.c)
else()
  set(arena base/arena.c)
endif()
add_library(mdcts_base STATIC ${arena} base/bytes.c base/diag.c base/node.c)
target_include_directories(mdcts_base PUBLIC ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/base)
target_link_libraries(mdcts_base PUBLIC mdcts_options mdcts_sanitize)

foreach(module arena bytes diag node)
  mdcts_unit_test(base_${module}_test SOURCES base/${module}_test.c LIBS mdcts_base)
endforeach()
