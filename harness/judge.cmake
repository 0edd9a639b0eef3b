# The trace, the judge and its results.  Include where mdcts_base, mdcts_json, mdcts_scenario and
# mdcts_oracle are known.
set(judge_dir ${CMAKE_CURRENT_LIST_DIR})

add_library(mdcts_trace STATIC
  ${judge_dir}/trace.c
  ${judge_dir}/trace_tally.c
  ${judge_dir}/secret_mask.c)
target_include_directories(mdcts_trace PUBLIC ${judge_dir})
target_link_libraries(mdcts_trace PUBLIC mdcts_base PRIVATE mdcts_json mdcts_options mdcts_sanitize)

# What reports need, without the oracle.
add_library(mdcts_results STATIC
  ${judge_dir}/finding.c
  ${judge_dir}/places.c
  ${judge_dir}/results.c)
target_include_directories(mdcts_results PUBLIC ${judge_dir})
target_link_libraries(mdcts_results
  PUBLIC mdcts_base mdcts_scenario
  PRIVATE mdcts_json mdcts_options mdcts_sanitize)

add_library(mdcts_judge STATIC
  ${judge_dir}/judge.c
  ${judge_dir}/judge_case.c
  ${judge_dir}/judge_ending.c
  ${judge_dir}/judge_expect.c
  ${judge_dir}/judge_implicit.c
  ${judge_dir}/judge_invariant.c
  ${judge_dir}/judge_key.c
  ${judge_dir}/judge_secret.c
  ${judge_dir}/judge_settle.c
  ${judge_dir}/judge_suspect.c
  ${judge_dir}/judge_output.c
  ${judge_dir}/judge_relate.c
  ${judge_dir}/judge_steps.c
  ${judge_dir}/judge_sweep.c
  ${judge_dir}/judge_verdict.c
  ${judge_dir}/judge_watchers.c
  ${judge_dir}/judge_memory.c
  ${judge_dir}/reconcile.c)
target_include_directories(mdcts_judge PUBLIC ${judge_dir})
target_link_libraries(mdcts_judge
  PUBLIC mdcts_trace mdcts_results mdcts_scenario
  PRIVATE mdcts_oracle mdcts_abi mdcts_options mdcts_sanitize)

mdcts_unit_test(secret_mask_test SOURCES ${judge_dir}/secret_mask_test.c LIBS mdcts_trace)
mdcts_unit_test(trace_test SOURCES ${judge_dir}/trace_test.c LIBS mdcts_trace)
mdcts_unit_test(trace_tally_test SOURCES ${judge_dir}/trace_tally_test.c LIBS mdcts_trace)

# reports/ comes later in the build; linking by name is enough.
add_library(mdcts_cmd_judge STATIC ${judge_dir}/cmd_judge.c)
target_include_directories(mdcts_cmd_judge PUBLIC ${judge_dir})
target_link_libraries(mdcts_cmd_judge
  PUBLIC mdcts_judge mdcts_reports
  PRIVATE mdcts_options mdcts_sanitize)

foreach(noun judge judge_invariant judge_language judge_settle)
  mdcts_unit_test(${noun}_test
    SOURCES ${judge_dir}/${noun}_test.c ${judge_dir}/judge_fixture.c
    LIBS mdcts_judge)
endforeach()

mdcts_unit_test(judge_suspect_test SOURCES ${judge_dir}/judge_suspect_test.c LIBS mdcts_judge mdcts_abi)
mdcts_unit_test(reconcile_test SOURCES ${judge_dir}/reconcile_test.c LIBS mdcts_judge mdcts_json)
mdcts_unit_test(cmd_judge_test SOURCES ${judge_dir}/cmd_judge_test.c LIBS mdcts_cmd_judge)
target_compile_definitions(cmd_judge_test PRIVATE
  MDCTS_TRACES="${judge_dir}/../fixtures/traces")
