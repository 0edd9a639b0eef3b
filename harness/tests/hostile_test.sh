#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Drivers that misbehave as processes: a verdict, the next case, whole reports, and nothing left.
. "$(dirname "$0")/lib.sh"
# judge_hostile NAME WORD: the run ends with exit code 1 and its report says WORD.
judge_hostile() {
    expect_code 1 "$MDCTS" run --driver "$DRIVERS/hostile-$1.so" --timeout-scale 10 \
        --out "$work/run" R010 R030 R060 R116 R193
    expect_text "$work/run/results.json" '"complete":true'
    expect_text "$work/out" "$2"
    expect_code 0 xmllint --noout "$work/run/junit.xml"
    expect_nothing_left
}

judge_hostile segv-acquire SIGSEGV
judge_hostile crash-constructor "CRASH crash/dlopen"
judge_hostile hang-constructor "HANG hang/"
judge_hostile close-descriptors CRASH
judge_hostile write-descriptors CRASH
judge_hostile fork-child CRASH
judge_hostile fork-daemon CRASH
judge_hostile thread-derive CRASH
judge_hostile print-megabytes CRASH
finish
