#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Drivers that misbehave in what they read, write, return and print: the verdict that tells how, the next case, whole
# reports, and nothing left.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hostile_lib.sh"

# While it is loaded and in CardAcquireContext: nothing else can be asked.
one crash-constructor CRASH crash/dlopen/R016 "dlopen: signal 11 SIGSEGV, write of address 8"
one hang-constructor HANG hang/outside-calls "did not return within"
one exit-constructor CRASH crash/outside-calls "called exit(0)"
one segv-acquire CRASH crash/CardAcquireContext/R010 "SIGSEGV, write of address 8, at CardAcquireContext"

# In CardDeriveKey.
derives sigbus-derive CRASH "CardDeriveKey: signal 7 SIGBUS, read of"
derives abort-derive CRASH "CardDeriveKey: signal 6 SIGABRT"
derives throw-derive CRASH "CardDeriveKey: signal 6 SIGABRT"
expect_text run/trace.jsonl "terminate called after throwing an instance of 'int'"
derives overflow-stack CRASH "CardDeriveKey: signal 11 SIGSEGV, write of"
derives unload-itself CRASH "CardDeriveKey: signal 11 SIGSEGV"
derives own-handler HANG "CardDeriveKey: did not return within 500 ms"

# Memory and arguments.
derives use-after-free CRASH "read of offset 3 of block 2, freed in step 4"
derives keep-input CRASH "read of offset 0 of input pbPublicKey, gone in step 3"
derives overrun-block FAIL "underrun of a block of 21 bytes that CardDeriveKey allocated"
derives free-twice FAIL "a block of 32 bytes that CardDeriveKey allocated, given back again"
one wild-result FAIL invariant/R128 "memory of another origin"
# All of the host's memory takes a while.
one exhaust-memory FAIL invariant/R057 "blocks left, the first of 1048576 bytes from CardDeriveKey" 100
one read-past-input CRASH crash/CardConstructDHAgreement/R060 "read of offset 72 of input pbPublicKey, live in step 3"
one write-input WARN invariant/R007 "CardConstructDHAgreement changed pbPublicKey at offset -1"
one write-card-data WARN invariant/R043 "CardConstructDHAgreement changed pfnCspGetDHAgreement"
one scribble-card-data FAIL invariant/R015 "CardConstructDHAgreement changed dwVersion at offset 0"
verdict WARN invariant/R043 "CardConstructDHAgreement changed"
verdict CRASH "$unknown" "CardDeriveKey: signal 11 SIGSEGV, at mdcts-host"
# What it meets first, a crash or a wait for nothing, is the C library's to say.
judge_hostile scribble-process
expect_text run/results.json '/CardDeriveKey/R127","requirement":"R127"'
others_pass
one replace-vendor FAIL invariant/R216 "memory that it did not allocate"
one huge-sizes FAIL invariant/R232 "a block of 72 for 4294967295 bytes"
one huge-sizes FAIL invariant/R128 "a block of 16 for 4294967295 bytes" 10 own.yaml
one wild-blob FAIL invariant/R232 "memory of another origin"
expect_text run/trace.jsonl '"pbSigPublicKey":{"wild":true,"unreadable":true}'

# Callbacks.
derives flood-callbacks CRASH "signal 9 SIGKILL: more events than REQUEST_EVENTS_MAX" 100
says longjmp-callback "back by another way" 10 own.yaml "$unknown"
verdict PASS hostile/calls-back ''
one call-after-delete CRASH hostile/two-lives "CardAcquireContext: signal 11 SIGSEGV, read of" 10 own.yaml
expect_text run/trace.jsonl '"e":"free"'

# What it prints is kept as its log, up to a limit, and shown without its escapes.
says print-megabytes '"e":"output"'
[ "$(wc -c <run/trace.jsonl)" -lt 8000000 ] || wrong "print-megabytes: all of it is in the trace"
says print-flood '"length":52428800' 100
[ "$(wc -c <run/trace.jsonl)" -lt 8000000 ] || wrong "print-flood: all of it is in the trace"
derives print-markup CRASH "CardDeriveKey: signal 6 SIGABRT"
expect_text run/trace.jsonl ']]></system-out></testsuites>\",\"verdict\":\"PASS\"}]}'
expect_text run/trace.jsonl '\\x1b]0;owned\\x07'
# So is its name.
cp "$DRIVERS/hostile-abort-derive.so" drivers
odd=$(printf 'drivers/]]>"<\033[31m\302\233&amp;.so')
mv drivers/hostile-abort-derive.so "$odd"
expect_code 1 "$MDCTS" run --driver "$odd" --timeout-scale 10 --out run "$unknown"
expect_code 0 xmllint --noout run/junit.xml
expect_text run/results.json '"complete":true'
checks=$((checks + 1))
! LC_ALL=C grep -q "$(printf '\033\|\302\233')" out err || wrong "the name's control characters got through"
! grep -q "$(printf '\033')" run/trace.jsonl run/results.json run/junit.xml || wrong "an escape is in a report"
check_kept
finish
