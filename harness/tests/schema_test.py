#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds every case file, and every bad one, against cases/case.schema.json with a real validator.

Usage: schema_test.py ROOT    Exit code 77 where python3-jsonschema or python3-yaml is missing.
A bad file that only lint can refuse is named in fixtures/scenarios/beyond-schema."""
import json
import pathlib
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)


def complaint(validator, path):
    """The first thing that is wrong with a file, or None."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        return f"no YAML: {error}"
    error = jsonschema.exceptions.best_match(validator.iter_errors(document))
    return None if error is None else f"{error.json_path}: {error.message[:200]}"


def main():
    root = pathlib.Path(sys.argv[1])
    validator = jsonschema.Draft7Validator(json.loads((root / "cases/case.schema.json").read_text()))
    validator.check_schema(validator.schema)
    wrong = []
    good = [p for p in sorted(root.glob("cases/**/*.yaml")) if p.name != "requirements.yaml"]
    for path in good:
        said = complaint(validator, path)
        if said is not None:
            wrong.append(f"{path} is refused: {said}")
    names = (root / "fixtures/scenarios/beyond-schema").read_text().split("\n")
    beyond = {line for line in names if line and not line.startswith("#")}
    bad = sorted(root.glob("fixtures/scenarios/*.yaml"))
    for path in bad:
        accepted = complaint(validator, path) is None
        if accepted != (path.stem in beyond):
            wrong.append(f"{path} is {'accepted' if accepted else 'refused, though in beyond-schema'}")
    wrong += [f"{n} in beyond-schema is no file" for n in beyond - {p.stem for p in bad}]
    print("\n".join(wrong))
    print(f"{len(good)} case files and {len(bad)} bad ones: {len(wrong)} wrong")
    return 1 if wrong or not good or not bad else 0


sys.exit(main())
