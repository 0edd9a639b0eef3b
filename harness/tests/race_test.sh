#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Drivers built with -fsanitize=thread, in a host with that runtime in front: the cases of threads show a racy one's race,
# and none of the reference driver's.
. "$(dirname "$0")/lib.sh"
runtime=$(ldd "$DRIVERS/tsan/reference.so" 2>/dev/null | sed -n 's/.*libtsan[^ ]* => \([^ ]*\) .*/\1/p')
[ -n "$runtime" ] || { echo "there is no driver with gcc's ThreadSanitizer"; exit 77; }

# run_watched CODE NAME: cases of threads, of processes and of two cards; the first race ends the process.
run_watched() {
    expect_code "$1" "$MDCTS" run --driver "$DRIVERS/tsan/$2.so" --timeout-scale 400 --out "$work/$2" \
        --wrap "env LD_PRELOAD=$runtime TSAN_OPTIONS=halt_on_error=1:exitcode=66" R044 R055 R219 R220
    expect_nothing_left
}

run_watched 0 reference
expect_text "$work/reference/results.json" '"id":"context/parallel/five","requirement":"R219","verdict":"PASS"'
expect_no_text "$work/reference/trace.jsonl" "ThreadSanitizer"
run_watched 1 mutant-key-buffer-shared
expect_text "$work/mutant-key-buffer-shared/trace.jsonl" "WARNING: ThreadSanitizer: data race"
expect_text "$work/mutant-key-buffer-shared/results.json" "called exit(66)"
# How to see it again names the tool.
expect_text "$work/mutant-key-buffer-shared/results.json" " --wrap 'env LD_PRELOAD=$runtime "
checks=$((checks + 1))
grep -F '"verdict":"CRASH"' "$work/mutant-key-buffer-shared/results.json" | grep -qF '"id":"context/parallel/derive-apart"' ||
    wrong "two derivations that overlap do not show the race"
expect_no_text "$work/mutant-key-buffer-shared/trace.jsonl" "defect_reached"

# The words in front: too many, and a program that isn't there.
expect_code 2 "$MDCTS" run --driver "$DRIVERS/reference.so" --wrap "$(printf 'word %.0s' $(seq 70))" R219
expect_text "$work/err" "--wrap has more words than HOST_WORDS_MAX"
expect_code 3 "$MDCTS" run --driver "$DRIVERS/reference.so" --wrap "$work/no-such-tool" R219
expect_text "$work/err" "cannot start $work/no-such-tool"
finish
