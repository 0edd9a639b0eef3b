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

for pair in "missing-library:libhostile_absent.so: cannot open" "no-export:does not export CardAcquireContext" \
    "crash-constructor:crashes or hangs"; do
    expect_code 3 "$MDCTS" doctor --driver "$DRIVERS/hostile-${pair%%:*}.so"
    expect_text "$work/out" "MISSING  the driver does not load"
    expect_text "$work/out" "${pair#*:}"
done
expect_code 3 "$MDCTS" doctor --driver "$work/arm.so"
expect_text "$work/out" "MISSING  $work/arm.so is built for 64-bit ARM"

# A reader without a card, and a card without a PIN.
cat >"$work/empty.sh" <<'EOF'
set -u
python3 -c 'import os, socket
control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
control.connect(os.environ["MDCTS_CARD_CONTROL"])
control.send(b"remove")
control.recv(64)'
until "$1" readers | grep -q "no card"; do sleep 0.05; done
shift
exec "$@"
EOF
empty="$MDCTS virtual -- env MDCTS_PIN=123456 sh $work/empty.sh $MDCTS"
for command in "run --out $work/none R010" derive probe; do
    expect_code 3 $empty "$MDCTS" $command --reader MDCTS --driver "$reference"
    expect_text "$work/err" "there is no card in the reader 'MDCTS V0 00 00'"
done
expect_code 3 $empty "$MDCTS" doctor --reader MDCTS --driver "$reference"
expect_text "$work/out" "MISSING  a card in that reader"
expect_no_text "$work/out" "MISSING  a PIN"
other="$MDCTS virtual -- $MDCTS"
expect_code 3 $other run --reader MDCTS --driver "$reference" --out "$work/none"
expect_text "$work/err" "which PIN? Set MDCTS_PIN"
[ ! -e "$work/none/trace.jsonl" ] || wrong "something was run"
expect_code 3 $other doctor --reader MDCTS --driver "$reference"
expect_text "$work/out" "MISSING  a PIN for the card"
printf 'pins: [{id: user, source: none}]\n' >"$work/none.yaml"
expect_code 0 $other run --reader MDCTS --driver "$reference" --profile "$work/none.yaml" --out "$work/none" R010 R063
expect_text "$work/none/results.json" "no PIN for role user"

# Another simulator has a PIN of its own.
# A card's program runs as nobody, who may not come to where the suite was built.
cp "$build/bin/mdcts-card" "$work/mdcts-card"
simulator="$work/mdcts-card --pin 777777 {socket}"
expect_code 0 env MDCTS_PIN=777777 "$MDCTS" run --card "$simulator" --driver "$reference" --out "$work/run" R063
expect_code 3 "$MDCTS" run --card "$simulator" --driver "$reference" --out "$work/run" R063
expect_text "$work/err" "the card refused the PIN"
expect_code 3 "$MDCTS" run --card "false {socket}" --driver "$reference" --out "$work/run" R063
expect_text "$work/err" "the card's program ended at once"

# Reports that can't be written.
expect_code 4 "$MDCTS" run --driver "$reference" --out /proc/none R010
expect_code 4 sh -c "$MDCTS run --driver $reference --out $work/closed R010 >&-"
expect_text "$work/err" "the trace is kept"
[ -s "$work/closed/trace.jsonl" ] || wrong "the trace is not kept"
# A disk that is full: at once, while probing, in the plan, in the midst of the cases.  What was written is judged as cut.
mkdir "$work/nothing"
ln -s /dev/full "$work/nothing/trace.jsonl"
expect_code 4 "$MDCTS" run --driver "$reference" --out "$work/nothing" R010
card=$(($(wc -c <"$build/bin/mdcts-card") / 512)) # is copied into the run's folder, and has to fit
for blocks in $((card + 170)) $((card + 900)) $((card + 4000)); do
    expect_code 4 sh -c "ulimit -f $blocks; trap '' XFSZ; $MDCTS run --driver $reference --jobs 2 --out $work/limit"
    expect_text "$work/err" "the trace could not be written"
    expect_code 6 "$MDCTS" judge "$work/limit"
    expect_text "$work/out" "The run was cut short"
done
expect_code 4 sh -c "$MDCTS run --driver $reference --out $work/full R010 >/dev/full"
mkdir -p "$work/taken/results.json"
expect_code 4 "$MDCTS" run --driver "$reference" --out "$work/taken" R010
expect_text "$work/err" "the trace is kept"
expect_code 0 "$MDCTS" judge "$work/taken" --out "$work/taken.json"
for command in --version "run --help" list "explain R105" lint "probe --driver $reference" \
    "derive --driver $reference" "judge $work/full"; do
    expect_code 4 sh -c "$MDCTS $command >/dev/full"
    grep -Eq "(could not|cannot) be written" "$work/err" || wrong "$command says nothing"
done
# A reader of the report that goes away.
{
    (trap - PIPE && "$MDCTS" run --driver "$reference" --out "$work/pipe" R010 2>"$work/err")
    echo "$?" >"$work/code"
} | true
expect_text "$work/code" 4
expect_text "$work/err" "the trace is kept"

expect_nothing_left
finish
