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
daemons() { # leaders of their sessions that have the driver in memory: the host, and what it left
    for maps in $(grep -l "$work/hostile-daemon-hang" /proc/[0-9]*/maps 2>/dev/null); do
        pid_of=${maps#/proc/}
        pid_of=${pid_of%/maps}
        set -- $(cut -d ')' -f 2 "/proc/$pid_of/stat" 2>/dev/null)
        [ "${4:-}" != "$pid_of" ] || echo "$pid_of"
    done
}
daemon_lives() {
    [ "$(daemons | wc -l)" -eq 2 ]
}
daemon_is_gone() {
    [ -z "$(daemons)" ]
}
cp "$DRIVERS/hostile-daemon-hang.so" "$work"
"$MDCTS" run --driver "$work/hostile-daemon-hang.so" --timeout-scale 1000 --jobs 1 \
    --out "$work/hang" R105 >/dev/null 2>&1 &
pid=$!
wait_until daemon_lives
kill -9 "$pid"
wait "$pid" 2>/dev/null
wait_until daemon_is_gone
wait_until nothing_is_left
expect_nothing_left
finish
