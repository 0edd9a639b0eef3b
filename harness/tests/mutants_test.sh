#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the rows of defects.def may say, and what comes of a row that says too much.
. "$(dirname "$0")/lib.sh"
mutants=$(dirname "$MDCTS")/mdcts-mutants

row() { # CONSEQUENCES: a row of three kinds, one after the other
    printf 'DEFECT_ROW(A, "R001:FAIL", "%s", "One.")\n' "$1" >"$work/plain.def"
    printf 'DEFECT_OF_ROW(B, A, "R001:FAIL", "%s", "One.")\n' "$1" >"$work/of.def"
    printf 'HOSTILE_ROW(A, "R001:FAIL", "%s", "One.")\n' "$1" >"$work/hostile.def"
}

row "R002 R003 R004 R005 R006"
for kind in plain of hostile; do
    expect_code 1 "$mutants" --unguarded "$work/$kind.def"
    expect_no_text "$work/out" "R001 "
done
row "R002 R003 R004 R005 R006 R007"
for kind in plain of hostile; do
    expect_code 4 "$mutants" --unguarded "$work/$kind.def"
    expect_text "$work/err" "more than MUTANT_CONSEQUENCES_MAX consequences"
done
finish
