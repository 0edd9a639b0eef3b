#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A wrong PIN costs one try, once: whatever is run again, with whatever cases, after a crash or a SIGKILL.  The card lives
# through all of it, as a real one would; the runs see a real reader.
. "$(dirname "$0")/lib.sh"
command -v opensc-tool >/dev/null || { echo "opensc-tool is not installed"; exit 77; }

reference=$DRIVERS/reference.so
MDCTS_PIN=654321
export MDCTS_PIN

# A card that stays until somebody has written to $work/over.
cat >"$work/hold" <<'SCRIPT'
echo "$PCSCLITE_CSOCK_NAME" >"$1/socket~"
mv "$1/socket~" "$1/socket"
read -r _ <"$1/over"
SCRIPT

# put_card NAME: a new card, and nothing remembered of any.
put_card() {
    story=$1
    rm -rf "$XDG_STATE_HOME" "$work/socket" "$work/over"
    mkfifo "$work/over"
    "$MDCTS" virtual -- sh "$work/hold" "$work" >"$work/hold.out" 2>&1 &
    holder=$!
    wait_until [ -e "$work/socket" ]
    PCSCLITE_CSOCK_NAME=$(cat "$work/socket")
    export PCSCLITE_CSOCK_NAME
    expect_tries 3
}

take_card() {
    echo >"$work/over"
    wait "$holder"
    unset PCSCLITE_CSOCK_NAME
}

# expect_tries N: how often the card would still listen, as it says itself; asked by a driver-free client.
expect_tries() {
    checks=$((checks + 1))
    tries=$(opensc-tool -s 00:a4:04:00:09:a0:00:00:03:08:00:00:10:00 -s 00:20:00:80 2>/dev/null |
        sed -n 's/.*SW1=0x63, SW2=0xC\([0-9A-F]\).*/\1/p' | tail -n 1)
    [ "$tries" = "$1" ] || wrong "$story: $tries tries left instead of $1"
}

# run DRIVER SELECTORS...: as on somebody's own card.
run() {
    driver=$1
    shift
    expect_code 3 "$MDCTS" run --reader MDCTS --driver "$driver" --out "$work/again" "$@"
    for file in out err again/trace.jsonl; do
        [ ! -e "$work/$file" ] || expect_no_text "$work/$file" 654321
        [ ! -e "$work/$file" ] || expect_no_text "$work/$file" 363534333231
    done
}

# run_again: ten runs of any kind.
run_again() {
    for i in 1 2 3 4 5 6 7 8 9 10; do
        case $i in
        1) run "$reference" ;;
        2) run "$reference" R242 ;;
        3) run "$DRIVERS/hostile-segv-acquire.so" ;;
        4) run "$DRIVERS/hostile-abort-derive.so" ;;
        5) run "$DRIVERS/hostile-crash-constructor.so" ;;
        6) run "$reference" --allow pin-counter 'authentication/*' ;;
        7) run "$reference" --timeout-scale 50 'derive/*' ;;
        8) run "$reference" --jobs 4 R063 R242 ;;
        9) run "$DRIVERS/hostile-exit-constructor.so" --jobs 2 ;;
        10) run "$reference" --allow admin R063 ;;
        esac
        expect_tries 2
    done
}

# Killed as soon as the PIN has been to the card: the try is spent, and the card's answer was not noted.
pin_was_sent() {
    grep -qs '"command":"00200080"' "$work/killed/trace.jsonl"
}
put_card killed
"$MDCTS" run --reader MDCTS --driver "$reference" --out "$work/killed" R063 >"$work/killed.out" 2>&1 &
pid=$!
wait_until pin_was_sent
kill -9 "$pid"
wait "$pid" 2>/dev/null
expect_tries 2
run_again
expect_no_text "$work/killed/trace.jsonl" 363534333231
take_card

# Refused, and by a card that several runners can't share.
put_card jobs
expect_code 2 "$MDCTS" run --reader MDCTS --driver "$reference" --out "$work/again" --jobs 4
expect_text "$work/err" "a card in 'MDCTS V0 00 00' serves one runner at a time"
expect_tries 3
run "$reference"
expect_text "$work/err" "the card refused the PIN; it was sent once and is not sent again"
expect_tries 2
run_again
take_card
expect_nothing_left
finish
