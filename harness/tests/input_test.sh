#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Wrong usage, wrong files, missing things: the exit code and the sentence that helps.
. "$(dirname "$0")/lib.sh"
reference=$DRIVERS/reference.so
run="$MDCTS run --out $work/run"

expect_code 2 "$MDCTS"
expect_code 0 "$MDCTS" --help
expect_code 0 "$MDCTS" --version
expect_text "$work/out" "mdcts 0."
expect_code 2 "$MDCTS" rum
expect_text "$work/err" "did you mean 'run'?"
for command in run derive probe list explain lint readers doctor pin judge virtual bench; do
    expect_code 0 "$MDCTS" "$command" --help
    expect_text "$work/out" "usage: mdcts $command"
done
expect_code 2 $run --drivr "$reference"
expect_text "$work/err" "did you mean --driver?"
expect_code 2 $run
expect_text "$work/err" "which driver?"
expect_code 2 $run --driver "$reference" --shard 3/2
expect_code 2 $run --driver "$reference" --level bad
expect_code 5 $run --driver "$reference" no/such/case
expect_text "$work/err" "no/such/case"

# Nothing runs when a case file is wrong.
printf 'suite: bad\ncases:\n  - id: bad/one\n    colour: red\n' >"$work/bad.yaml"
expect_code 2 $run --driver "$reference" "$work/bad.yaml"
expect_text "$work/err" "bad.yaml:4:5: error:"
[ ! -e "$work/run/trace.jsonl" ] || wrong "a trace was written"

# Drivers that can't be judged.
expect_code 3 $run --driver "$work/none.so"
expect_text "$work/err" "No such file"
expect_code 3 $run --driver "$work"
expect_text "$work/err" "no file"
echo text >"$work/text.so"
expect_code 3 $run --driver "$work/text.so"
expect_text "$work/err" "no ELF shared object"
printf 'MZ' >"$work/windows.dll"
expect_code 3 $run --driver "$work/windows.dll"
expect_text "$work/err" "Windows DLL"
cp "$reference" "$work/arm.so"
printf '\267' | dd of="$work/arm.so" bs=1 seek=18 conv=notrunc 2>/dev/null
expect_code 3 $run --driver "$work/arm.so"
expect_text "$work/err" "64-bit ARM"
expect_code 1 $run --driver "$DRIVERS/hostile-missing-library.so" R001
expect_text "$work/out" "R001"
expect_text "$work/out" "cannot open shared object file"
expect_code 1 $run --driver "$DRIVERS/hostile-no-export.so" R001
expect_text "$work/out" "CardAcquireContext"

# Readers and daemons.
export PCSCLITE_CSOCK_NAME="$work/nobody"
expect_code 3 $run --driver "$reference" --reader ACS
expect_text "$work/err" "no PC/SC daemon answers"
expect_code 3 "$MDCTS" readers
unset PCSCLITE_CSOCK_NAME
export MDCTS_PCSCD=/nonexistent/pcscd
expect_code 3 $run --driver "$reference"
expect_text "$work/err" "pcscd"
expect_code 3 "$MDCTS" doctor
expect_text "$work/out" "MISSING  pcscd"
expect_text "$work/out" "unset MDCTS_PCSCD"
unset MDCTS_PCSCD
expect_code 0 "$MDCTS" doctor --driver "$reference"
expect_text "$work/out" "Nothing is missing."

# Reports that can't be written.
expect_code 4 "$MDCTS" run --driver "$reference" --out /proc/none R010
expect_code 4 sh -c "$MDCTS run --driver $reference --out $work/closed R010 >&-"
expect_text "$work/err" "the trace is kept"
[ -s "$work/closed/trace.jsonl" ] || wrong "the trace is not kept"
expect_code 4 sh -c "ulimit -f 2200; trap '' XFSZ; $MDCTS run --driver $reference --out $work/limit"
expect_code 4 sh -c "$MDCTS run --driver $reference --out $work/full R010 >/dev/full"

expect_nothing_left
finish
