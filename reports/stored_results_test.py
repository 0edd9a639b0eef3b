#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stored results against their schema, and stored JUnit files against an XML parser.

usage: stored_results_test.py SCHEMA TRACES_FOLDER      exit 77: jsonschema is not installed"""
import json
import pathlib
import sys
import xml.etree.ElementTree

try:
    import jsonschema
except ImportError:
    sys.exit(77)


def main(schema_path, folder):
    schema = json.loads(pathlib.Path(schema_path).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    names = sorted(pathlib.Path(folder).glob("*/results.json"))
    wrong = 0
    for name in names:
        results = json.loads(name.read_text())
        for error in validator.iter_errors(results):
            print(f"{name}: {error.json_path}: {error.message}")
            wrong += 1
        if list(results)[-1] != "measured":
            print(f"{name}: measured is not last")
            wrong += 1
        tree = xml.etree.ElementTree.parse(name.with_name("junit.xml"))
        cases = len(tree.getroot().findall("./testsuite/testcase"))
        # A run that was cut short is an error of its own there, beside its cases.
        wanted = len(results["cases"]) + (not results["complete"])
        if cases != wanted or cases != int(tree.getroot().get("tests")):
            print(f"{name}: junit.xml has {cases} cases")
            wrong += 1
    # The schema has to be able to refuse.
    if validator.is_valid({"format": 1}) or not names:
        wrong += 1
    return 1 if wrong else 0


sys.exit(main(*sys.argv[1:]))
