#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A runner that is killed leaves a readable trace, and neither processes nor folders.
. "$(dirname "$0")/lib.sh"

has_lines() {
    [ -e "$work/run/trace.jsonl" ] && [ "$(wc -l <"$work/run/trace.jsonl")" -gt 2500 ]
}

nothing_is_left() {
    for folder in "$work"/mdcts-run-*; do
        [ ! -e "$folder" ] || return 1
    done
}

"$MDCTS" run --driver "$DRIVERS/reference.so" --out "$work/run" >/dev/null 2>&1 &
pid=$!
wait_until has_lines
kill -9 "$pid"
wait "$pid" 2>/dev/null
wait_until nothing_is_left
expect_nothing_left
expect_code 6 "$MDCTS" judge "$work/run"
expect_text "$work/out" "cut short"
finish
