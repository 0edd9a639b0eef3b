# Documents, the case language, requirements, profile and plan.
add_library(mdcts_yaml STATIC yaml_tree.c)
target_link_libraries(mdcts_yaml PUBLIC mdcts_base PRIVATE PkgConfig::YAML)

add_library(mdcts_json STATIC json_tree.c)
target_link_libraries(mdcts_json PUBLIC mdcts_base)

# What run and judge share: no file is opened here.
add_library(mdcts_scenario STATIC
  status_name.c fields.c requirement.c scenario_names.c scenario_value.c scenario_argument.c
  scenario_expect.c scenario_fault.c scenario_step.c scenario_block.c scenario_suite.c scenario_lint.c matrix.c case_expand.c plan.c
  plan_require.c profile.c step_role.c)
target_link_libraries(mdcts_scenario PUBLIC mdcts_base PRIVATE mdcts_abi)

# What opens files: suites and requirements from folders.
add_library(mdcts_case_files STATIC case_files.c coverage.c)
target_link_libraries(mdcts_case_files PUBLIC mdcts_scenario mdcts_yaml)

mdcts_unit_test(yaml_tree_test SOURCES yaml_tree_test.c LIBS mdcts_yaml)
# jansson is a second opinion on what json_tree.c writes.
mdcts_unit_test(json_tree_test SOURCES json_tree_test.c LIBS mdcts_json PkgConfig::JANSSON)
mdcts_unit_test(requirement_test SOURCES requirement_test.c LIBS mdcts_case_files mdcts_json mdcts_abi)
target_compile_definitions(requirement_test PRIVATE MDCTS_CASES_DIR="${PROJECT_SOURCE_DIR}/cases")
mdcts_unit_test(fields_test SOURCES fields_test.c LIBS mdcts_scenario)
mdcts_unit_test(plan_test SOURCES plan_test.c LIBS mdcts_scenario mdcts_yaml mdcts_json)
mdcts_unit_test(profile_test SOURCES profile_test.c LIBS mdcts_scenario mdcts_yaml mdcts_json)

add_test(NAME golden/scenarios
  COMMAND sh fixtures/scenarios/run.sh ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/mdcts
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
set_tests_properties(golden/scenarios PROPERTIES LABELS golden TIMEOUT 120)

find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
  add_test(NAME golden/schema
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/tests/schema_test.py ${PROJECT_SOURCE_DIR})
  set_tests_properties(golden/schema PROPERTIES LABELS golden TIMEOUT 120 SKIP_RETURN_CODE 77)
endif()
