# SPDX-License-Identifier: Apache-2.0
# The process that loads drivers, the PC/SC tap, and the runner's end of the link.
# None but the link and the unit tests may carry sanitizers.

set(host_sources
  host/agreement.c host/cache.c host/caller.c host/callbacks.c host/channel.c host/commands.c
  host/compare.c host/context.c host/crash.c host/fault.c host/frames.c host/heap.c host/lane.c host/ledger.c
  host/main.c host/meeting.c host/modules.c host/objects.c host/padding.c host/parallel.c host/pcsc.c
  host/process.c host/region.c host/scratch.c host/server.c host/tap_link.c host/threads.c
  host/value.c host/warm.c base/frame.c)
list(TRANSFORM host_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
# One host for each calling convention of the driver: native, and Microsoft's for x64.  The plain ones leave malloc() alone,
# for tools that put their own in its place (--wrap).
foreach(host mdcts-host mdcts-host-ms mdcts-host-plain mdcts-host-ms-plain)
  add_executable(${host} ${host_sources})
  target_link_libraries(${host} PRIVATE mdcts_options mdcts_abi ${CMAKE_DL_LIBS})
  # Symbols are resolved once, before the server forks, and not by each host anew.
  # The unwinder is linked in: a driver that brings libgcc_s.so.1 never meets ours.
  target_link_options(${host} PRIVATE -Wl,-z,now -static-libgcc)
endforeach()
foreach(host mdcts-host-ms mdcts-host-ms-plain)
  target_compile_definitions(${host} PRIVATE MDCTS_ABI_MS)
endforeach()
foreach(host mdcts-host-plain mdcts-host-ms-plain)
  target_compile_definitions(${host} PRIVATE MDCTS_PLAIN_HEAP)
endforeach()
# pcsc-lite's headers reach one file, and its library none.
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/host/pcsc.c PROPERTIES
  INCLUDE_DIRECTORIES "${PCSCLITE_INCLUDE_DIRS}")

add_library(tap SHARED ${CMAKE_CURRENT_LIST_DIR}/tap/tap.c ${CMAKE_CURRENT_LIST_DIR}/tap/apdu_view.c)
target_include_directories(tap PRIVATE ${PCSCLITE_INCLUDE_DIRS})
target_link_libraries(tap PRIVATE mdcts_options ${CMAKE_DL_LIBS})
# A driver that links the real library finds this one by its soname.
set_target_properties(tap PROPERTIES OUTPUT_NAME pcsclite SOVERSION 1 NO_SONAME OFF
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/tap C_VISIBILITY_PRESET hidden)

add_library(mdcts_link STATIC
  ${CMAKE_CURRENT_LIST_DIR}/link.c ${CMAKE_CURRENT_LIST_DIR}/link_server.c
  ${CMAKE_CURRENT_LIST_DIR}/link_event.c ${CMAKE_CURRENT_LIST_DIR}/link_call.c
  ${CMAKE_CURRENT_LIST_DIR}/link_request.c ${CMAKE_CURRENT_LIST_DIR}/link_parallel.c
  ${CMAKE_CURRENT_LIST_DIR}/base/frame.c)
target_link_libraries(mdcts_link PUBLIC mdcts_base PRIVATE mdcts_options mdcts_sanitize)

mdcts_unit_test(frame_test LIBS mdcts_base
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/base/frame_test.c ${CMAKE_CURRENT_LIST_DIR}/base/frame.c)
mdcts_unit_test(apdu_view_test
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/tap/apdu_view_test.c ${CMAKE_CURRENT_LIST_DIR}/tap/apdu_view.c)
mdcts_unit_test(region_test
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/host/region_test.c ${CMAKE_CURRENT_LIST_DIR}/host/region.c)
mdcts_unit_test(ledger_test
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/host/ledger_test.c ${CMAKE_CURRENT_LIST_DIR}/host/ledger.c
          ${CMAKE_CURRENT_LIST_DIR}/host/region.c)

mdcts_unit_test(padding_test LIBS mdcts_base mdcts_abi
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/host/padding_test.c ${CMAKE_CURRENT_LIST_DIR}/host/padding.c
          ${CMAKE_CURRENT_LIST_DIR}/host/ledger.c ${CMAKE_CURRENT_LIST_DIR}/host/region.c
          ${CMAKE_CURRENT_LIST_DIR}/base/frame.c)

# The link against a real host and drivers that misbehave.
foreach(test link_test link_damage_test link_end_test link_ahead_test link_parallel_test)
  mdcts_unit_test(${test} LIBS mdcts_link
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/${test}.c ${CMAKE_CURRENT_LIST_DIR}/link_test_rig.c)
  target_compile_definitions(${test} PRIVATE
    MDCTS_HOST="$<TARGET_FILE:mdcts-host>" MDCTS_TAP="$<TARGET_SONAME_FILE:tap>"
    MDCTS_DRIVERS="${CMAKE_BINARY_DIR}/drivers")
  add_dependencies(${test} mdcts-host tap hostile)
endforeach()

mdcts_unit_test(link_event_test LIBS mdcts_link SOURCES ${CMAKE_CURRENT_LIST_DIR}/link_event_test.c)

mdcts_unit_test(link_ms_test LIBS mdcts_link
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/link_test.c ${CMAKE_CURRENT_LIST_DIR}/link_test_rig.c)
target_compile_definitions(link_ms_test PRIVATE
  MDCTS_HOST="$<TARGET_FILE:mdcts-host-ms>" MDCTS_TAP="$<TARGET_SONAME_FILE:tap>"
  MDCTS_DRIVERS="${CMAKE_BINARY_DIR}/drivers/ms")
add_dependencies(link_ms_test mdcts-host-ms tap hostile-none-ms)

# The same with a card, where the virtual reader and the reference driver are part of the build.
if(EXISTS ${PROJECT_SOURCE_DIR}/fixtures/card/CMakeLists.txt
    AND EXISTS ${PROJECT_SOURCE_DIR}/fixtures/reference/CMakeLists.txt)
  add_executable(link_card_test
    ${CMAKE_CURRENT_LIST_DIR}/link_card_test.c ${CMAKE_CURRENT_LIST_DIR}/link_test_rig.c)
  target_link_libraries(link_card_test PRIVATE mdcts_link mdcts_options mdcts_sanitize PkgConfig::CMOCKA)
  target_compile_definitions(link_card_test PRIVATE
    MDCTS_HOST="$<TARGET_FILE:mdcts-host>" MDCTS_TAP="$<TARGET_SONAME_FILE:tap>"
    MDCTS_DRIVERS="${CMAKE_BINARY_DIR}/drivers" MDCTS_REFERENCE="$<TARGET_FILE:reference_driver>")
  add_dependencies(link_card_test mdcts-host tap reference_driver)
  add_test(NAME card/link COMMAND mdcts-virtual-test -- $<TARGET_FILE:link_card_test>)
  set_tests_properties(card/link PROPERTIES LABELS card TIMEOUT 120)
endif()
