#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The reference driver passes every case; its reports are whole; its trace can be judged again anywhere.
. "$(dirname "$0")/lib.sh"

expect_code 0 "$MDCTS" run --driver "$DRIVERS/reference.so" --out "$work/run"
for word in WARN FAIL CRASH HANG BLOCKED BROKEN; do
    expect_no_text "$work/out" "$word "
done
expect_text "$work/out" "$(requirement_ids | wc -l) requirements judged"
# What the process still holds at its agreements' ends was looked at, and nothing is found.
expect_text "$work/run/trace.jsonl" '"e":"residue"'
expect_no_text "$work/run/trace.jsonl" '"found"'
expect_code 0 xmllint --noout "$work/run/junit.xml"
if python3 -c 'import jsonschema' 2>/dev/null; then
    expect_code 0 python3 -c '
import json, jsonschema, sys
jsonschema.validate(json.load(open(sys.argv[1])), json.load(open(sys.argv[2])))' \
        "$work/run/results.json" "$ROOT/reports/results.schema.json"
fi
expect_no_text "$work/run/trace.jsonl" '"123456"'
expect_no_text "$work/run/trace.jsonl" 313233343536

# Notes, which colour nothing: how a handle is named, and how the second secret enters the key.
expect_text "$work/run/results.json" '"observed":"the address of the BCryptBuffer"'
expect_text "$work/run/results.json" '"observed":"Z1 || Z2"'

# From the trace alone: no case files, no driver, no PC/SC.
mkdir "$work/copy"
cp "$work/run/trace.jsonl" "$work/copy"
expect_code 0 env MDCTS_CASES=/nonexistent MDCTS_PCSCD=/nonexistent "$MDCTS" judge "$work/copy"
expect_same "$work/run/results.json" "$work/copy/results.json"

# A trace that was cut short is judged as far as it goes, and says so.
mkdir "$work/cut"
head -c 3000000 "$work/run/trace.jsonl" >"$work/cut/trace.jsonl"
expect_code 6 "$MDCTS" judge "$work/cut"
expect_text "$work/out" "cut short"
expect_text "$work/cut/results.json" '"complete":false'

expect_nothing_left
finish
