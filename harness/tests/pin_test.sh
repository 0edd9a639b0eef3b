#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A wrong PIN costs one try, once: whatever is run again, with whatever cases, after a crash or a SIGKILL.  The card lives
# through all of it, as a real one would; the runs see a real reader.
. "$(dirname "$0")/lib.sh"

reference=$DRIVERS/reference.so
export MDCTS reference work DRIVERS

# tries: how often the card would still listen, as it says itself; asked by a driver-free client.
cat >"$work/tries" <<'SCRIPT'
#!/bin/sh
opensc-tool -s 00:a4:04:00:09:a0:00:00:03:08:00:00:10:00 -s 00:20:00:80 2>/dev/null |
    sed -n 's/.*SW1=0x63, SW2=0xC\([0-9A-F]\).*/\1/p' | tail -n 1
SCRIPT

# run NAME DRIVER SELECTORS...: as on somebody's own card.
cat >"$work/run" <<'SCRIPT'
#!/bin/sh
name=$1 driver=$2
shift 2
MDCTS_PIN=654321 "$MDCTS" run --reader MDCTS --driver "$driver" --out "$work/$name" "$@" >"$work/$name.out" 2>&1
SCRIPT

cat >"$work/story" <<'SCRIPT'
#!/bin/sh
say() { echo "$1 $(sh "$work/tries")" >>"$work/told"; }
say before
# Killed as soon as the PIN has been to the card: the try is spent, and nothing was remembered.
sh "$work/run" killed "$reference" R063 &
victim=$!
rounds=0
until grep -q '"command":"00200080"' "$work/killed/trace.jsonl" 2>/dev/null || [ "$rounds" -ge 3000 ]; do
    rounds=$((rounds + 1))
    sleep 0.01
done
pkill -KILL -P "$victim" 2>/dev/null
wait "$victim" 2>/dev/null
say killed
for i in 1 2 3 4 5 6 7 8 9 10; do
    case $i in
    1) sh "$work/run" again-$i "$reference" ;;
    2) sh "$work/run" again-$i "$reference" R242 ;;
    3) sh "$work/run" again-$i "$DRIVERS/hostile-segv-acquire.so" ;;
    4) sh "$work/run" again-$i "$DRIVERS/hostile-abort-derive.so" ;;
    5) sh "$work/run" again-$i "$DRIVERS/hostile-crash-constructor.so" ;;
    6) sh "$work/run" again-$i "$reference" --allow pin-counter 'authentication/*' ;;
    7) sh "$work/run" again-$i "$reference" --timeout-scale 50 'derive/*' ;;
    *) sh "$work/run" again-$i "$reference" --jobs 1 R063 R242 ;;
    esac
    echo "$i $?" >>"$work/codes"
    say again-$i
done
SCRIPT

command -v opensc-tool >/dev/null || { echo "opensc-tool is not installed"; exit 77; }
: >"$work/told"
expect_code 0 "$MDCTS" virtual -- sh "$work/story"
cat "$work/told" "$work/codes"
expect_text "$work/told" "before 3"
checks=$((checks + 1))
[ "$(grep -c ' 2$' "$work/told")" -eq 11 ] || wrong "after the first try two were left each time: $(cat "$work/told")"
checks=$((checks + 1))
grep -v ' 3$' "$work/codes" >"$work/other" && wrong "a run ended otherwise than with 3: $(cat "$work/other")"
for file in "$work"/*.out "$work"/*/trace.jsonl; do
    expect_no_text "$file" 654321
    expect_no_text "$file" 363534333231
done
expect_nothing_left
finish
