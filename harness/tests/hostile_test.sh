#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Drivers that misbehave as processes: the verdict that tells how, the next case, whole reports, and nothing left.
. "$(dirname "$0")/lib.sh"
unknown='derive/kdf/unknown[name=FOO]'

# judge_hostile NAME: the run ends with exit code 1, and its reports are whole.
judge_hostile() {
    name=$1
    expect_code 1 "$MDCTS" run --driver "$DRIVERS/hostile-$name.so" --timeout-scale "${2:-10}" \
        --out "$work/run" R010 R060 "$unknown" acquire/entry-points/library
    expect_text "$work/run/results.json" '"complete":true'
    expect_code 0 xmllint --noout "$work/run/junit.xml"
    expect_nothing_left
}

# verdict VERDICT ID TEXT: that case has that verdict, and the line about it says TEXT.
verdict() {
    checks=$((checks + 1))
    grep -F "\"id\":\"$2\"" "$work/run/results.json" | grep -F "\"verdict\":\"$1\"" | grep -qF -- "$3" || {
        wrong "$name: no $1 with '$3' at $2"
        grep -F "\"id\":\"$2\"" "$work/run/results.json"
    }
}

# one NAME VERDICT ID TEXT
one() {
    judge_hostile "$1"
    verdict "$2" "$3" "$4"
}

# While it is loaded and in CardAcquireContext: nothing else can be asked.
one crash-constructor CRASH crash/dlopen "dlopen: signal 11 SIGSEGV, write of address 8"
one hang-constructor HANG hang/outside-calls "did not return within"
one segv-acquire CRASH crash/CardAcquireContext/R010 "SIGSEGV, write of address 8, at hostile-segv-acquire.so"

# In CardDeriveKey, in a case that asks for something else; the others pass.
derives() {
    one "$1" "$2" "$unknown" "$3"
    verdict PASS construct/p256 ''
    verdict PASS acquire/entry-points/library ''
}
derives hang-derive HANG "CardDeriveKey: did not return within 500 ms"
derives stop-derive HANG "CardDeriveKey: did not return within 500 ms"
derives abort-derive CRASH "CardDeriveKey: signal 6 SIGABRT"
derives kill-derive CRASH "CardDeriveKey: signal 9 SIGKILL"
derives exit-zero-derive CRASH "CardDeriveKey: called exit(0)"
derives overflow-stack CRASH "CardDeriveKey: signal 11 SIGSEGV, write of"
derives close-descriptors CRASH "the host could not use its control channel any more"
derives write-descriptors CRASH "garbage on the control channel"
derives use-after-free CRASH "read of offset 3 of block 2, freed in step 4"
derives keep-input CRASH "read of offset 0 of input pbPublicKey, gone in step 3"
derives overrun-block FAIL "underrun of a block of 21 bytes that CardDeriveKey allocated"
derives free-twice FAIL "a block of 32 bytes that CardDeriveKey allocated, given back again"
derives wild-result FAIL "memory of another origin"
one exhaust-memory FAIL invariant/R057 "blocks left, the first of 1048576 bytes from CardDeriveKey"

# In CardConstructDHAgreement: what stands on it is blocked.
one exit-construct CRASH construct/p256 "called exit(7)"
verdict BLOCKED "$unknown" "by R060, step 3: CardConstructDHAgreement: called exit(7)"
one read-past-input CRASH construct/p256 "read of offset 72 of input pbPublicKey, live in step 3"
one write-input WARN invariant/R007 "CardConstructDHAgreement changed pbPublicKey at offset -1"
one write-card-data WARN invariant/R043 "CardConstructDHAgreement changed pfnCspGetDHAgreement"

# Threads and children end with the case, sessions of their own too.  They print who they are.
one thread-derive FAIL invariant/R057 "the first of 5 bytes from CardDeriveKey"
for kind in child daemon; do
    judge_hostile fork-$kind
    pids=$(python3 -c 'import json, sys
for line in open(sys.argv[1]):
    event = json.loads(line)
    if event.get("e") == "output":
        print(*event.get("text", "").split())' "$work/run/trace.jsonl")
    [ -n "$pids" ] || wrong "fork-$kind: no child said who it is"
    for pid in $pids; do
        checks=$((checks + 1))
        ! grep -q hostile /proc/"$pid"/maps 2>/dev/null || wrong "fork-$kind: process $pid is left"
    done
done

# What it prints is kept as its log, up to a limit, and shown without its escapes.
judge_hostile print-megabytes
expect_text "$work/run/trace.jsonl" '"e":"output"'
[ "$(wc -c <"$work/run/trace.jsonl")" -lt 8000000 ] || wrong "print-megabytes: all of it is in the trace"
! grep -q "$(printf '\033')" "$work/run/trace.jsonl" "$work/out" || wrong "print-megabytes: an escape got through"
finish
