#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# moments_test.sh BUILD [COUNT]: whatever of a run is killed, at whatever moment, nothing is left of it, the trace is readable up to
# there, and nobody takes the run for a good one.  COUNT moments [one for each victim], the same ones each time; they are counted in
# lines of the trace.  `harness/tests/moments_test.sh build/release 50` is the long form.
. "$(dirname "$0")/lib.sh"
count=${2:-9}
victims="runner:9 host:9 pcscd:9 card:9 worker:9 supervisor:9 server:9 runner:15 runner:2"
cases="construct/flags* construct/card/* derive/hash* R130"
out=$work/run
random=20261126

draw() { # BELOW: sets $drawn
    random=$(((random * 1103515245 + 12345) % 2147483648))
    drawn=$((random / 8 % $1))
}

total() { # VERDICT: of the results judged last
    sed -n "s/^\"totals\":{.*\"$1\":\([0-9]*\).*/\1/p" "$work/results.json"
}

# No driver is blamed for what was killed, but for the end of its own host.
expect_no_blame() {
    checks=$((checks + 1))
    blamed="$(total warn) $(total fail) $(total hang) $(total crash)"
    case $victim:$blamed in
    *:"0 0 0 0" | host:9:"0 0 0 1" | server:9:"0 0 0 1") ;;
    *) wrong "$moment: warn, fail, hang, crash are $blamed" ;;
    esac
}

# A worker may be ready with its share before the line comes; then the moment is half as late.
strike() { # VICTIM:SIGNAL LINE CHOICE
    code=98
    line=$2
    while [ "$code" -eq 98 ] && [ "$line" -gt 0 ]; do
        moment="${1%:*} killed with ${1#*:} after line $line"
        rm -rf "$out"
        mkdir "$out"
        echo old >"$out/results.json"
        code=0
        # shellcheck disable=SC2086
        "$build/bin/mdcts-kill-at" "${1%:*}" "$line" "$3" "${1#*:}" "$out/trace.jsonl" \
            "$MDCTS" run --driver "$DRIVERS/reference.so" --jobs 2 --seed 01 --out "$out" -- $cases >"$work/said" 2>&1 || code=$?
        line=$((line / 2))
    done
}

one_moment() { # VICTIM:SIGNAL LINE CHOICE
    victim=$1
    strike "$@"
    checks=$((checks + 1))
    case $1:$code in
    runner:9:137 | host:9:[016] | server:9:[016]) ;;
    runner:9:* | host:9:* | server:9:*) wrong "$moment: exit code $code" ;;
    *:6) ;;
    *) wrong "$moment: exit code $code" ;;
    esac
    [ "$1" != runner:9 ] || [ ! -e "$out/results.json" ] || wrong "$moment: an older run's results are left"
    [ "$code" -ne 137 ] || code=6
    expect_code "$code" "$MDCTS" judge "$out" --out "$work/results.json" --junit "$work/junit.xml"
    expect_no_blame
    case $1:$code in
    host:9:6 | server:9:6) [ "$(total broken)" -gt 0 ] || grep -q "cut short" "$work/out" || wrong "$moment: exit code 6, and nothing is broken or cut" ;;
    *:6)
        expect_text "$work/out" "The run was cut short"
        expect_text "$work/results.json" '"complete":false'
        expect_text "$work/junit.xml" "the run was cut short; cases not run:"
        ;;
    *:0) [ "$(total pass)" -eq "$all" ] || wrong "$moment: all is well, and $(total pass) of $all cases passed" ;;
    esac
    expect_code 0 "$MDCTS" virtual -- true
    expect_nothing_left
}

# shellcheck disable=SC2086
expect_code 0 "$MDCTS" run --driver "$DRIVERS/reference.so" --jobs 2 --seed 01 --out "$out" -- $cases
lines=$(wc -l <"$out/trace.jsonl")
cp "$out/results.json" "$work"
all=$(total pass)
[ "$all" -gt 50 ] || wrong "there are only $all cases to be disturbed"

moments=0
while [ "$moments" -lt "$count" ]; do
    for one in $victims; do
        [ "$moments" -lt "$count" ] || break
        moments=$((moments + 1))
        draw $((lines * 9 / 10))
        line=$((drawn + 1))
        draw 4
        before=$failures
        one_moment "$one" "$line" "$drawn"
        [ "$failures" -eq "$before" ] || sed 's/^/    /' "$work/said"
    done
done
finish
