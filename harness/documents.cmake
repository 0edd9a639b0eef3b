# Documents, the case language, requirements, profile and plan.
add_library(mdcts_yaml STATIC yaml_tree.c)
target_link_libraries(mdcts_yaml PUBLIC mdcts_base PRIVATE PkgConfig::YAML)

add_library(mdcts_json STATIC json_tree.c)
target_link_libraries(mdcts_json PUBLIC mdcts_base)

# What run and judge share: no file is opened here.
add_library(mdcts_scenario STATIC
  status_name.c fields.c requirement.c scenario_names.c scenario_value.c scenario_argument.c
  scenario_expect.c scenario_step.c scenario_suite.c scenario_lint.c matrix.c case_expand.c plan.c
  plan_require.c profile.c)
target_link_libraries(mdcts_scenario PUBLIC mdcts_base PRIVATE mdcts_abi)

# What opens files: suites and requirements from folders.
add_library(mdcts_case_files STATIC case_files.c coverage.c)
target_link_libraries(mdcts_case_files PUBLIC mdcts_scenario mdcts_yaml)
