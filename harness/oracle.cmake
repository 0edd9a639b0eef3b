# The oracle and the peer keys: mdcts_oracle is the only target that sees OpenSSL.
add_library(mdcts_oracle STATIC
  ${CMAKE_CURRENT_LIST_DIR}/curve.c
  ${CMAKE_CURRENT_LIST_DIR}/oracle.c
  ${CMAKE_CURRENT_LIST_DIR}/oracle_answers.c
  ${CMAKE_CURRENT_LIST_DIR}/oracle_arithmetic.c
  ${CMAKE_CURRENT_LIST_DIR}/oracle_second.c
  ${CMAKE_CURRENT_LIST_DIR}/peer.c)
target_include_directories(mdcts_oracle PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(mdcts_oracle
  PUBLIC mdcts_base
  PRIVATE mdcts_abi mdcts_options mdcts_sanitize PkgConfig::CRYPTO)

foreach(noun curve oracle oracle_second peer)
  mdcts_unit_test(${noun}_test SOURCES ${CMAKE_CURRENT_LIST_DIR}/${noun}_test.c LIBS mdcts_oracle mdcts_abi)
endforeach()
