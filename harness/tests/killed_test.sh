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

# A driver's child in a session of its own has no parent left that it would follow.
count_daemons() {
    grep -l "$work/hostile-daemon-hang" /proc/[0-9]*/maps 2>/dev/null | wc -l
}
both_hang() {
    [ "$(count_daemons)" -ge 2 ]
}
none_is_left() {
    [ "$(count_daemons)" -eq 0 ]
}
cp "$DRIVERS/hostile-daemon-hang.so" "$work"
"$MDCTS" run --driver "$work/hostile-daemon-hang.so" --timeout-scale 1000 --out "$work/hang" R105 >/dev/null 2>&1 &
pid=$!
wait_until both_hang
kill -9 "$pid"
wait "$pid" 2>/dev/null
wait_until none_is_left
expect_nothing_left
finish
