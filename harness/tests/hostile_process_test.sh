#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Drivers that misbehave as processes, or go for those that watch them: the verdict that tells how, the next case, whole
# reports, and nothing left.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hostile_lib.sh"

# The end of the process, and none.
derives kill-derive CRASH "CardDeriveKey: signal 9 SIGKILL"
derives kill-group CRASH "CardDeriveKey: signal 9 SIGKILL"
derives exit-zero-derive CRASH "CardDeriveKey: called exit(0)"
derives exit-thread CRASH "CardDeriveKey: called exit(0)"
derives hang-derive HANG "CardDeriveKey: did not return within 500 ms"
derives sleep-derive HANG "CardDeriveKey: did not return within 500 ms"
derives deadlock-derive HANG "CardDeriveKey: did not return within 500 ms"
derives stop-derive HANG "CardDeriveKey: did not return within 500 ms"
derives ignore-end HANG "CardDeriveKey: did not return within 500 ms"
derives hang-atexit HANG "CardDeriveKey: did not return within 500 ms"
# In CardConstructDHAgreement: what stands on it is blocked.
one exit-construct CRASH crash/CardConstructDHAgreement/R060 "called exit(7)"
verdict BLOCKED "$unknown" "by R060, step 3: CardConstructDHAgreement: called exit(7)"

# Signals, limits, the process' surroundings.
derives block-signals CRASH "CardDeriveKey: signal 11 SIGSEGV"
derives raise-limits CRASH "CardDeriveKey: signal 11 SIGSEGV, write of address 8"
expect_text run/trace.jsonl ' raised\n'
[ ! -e core ] || wrong "raise-limits: a core file is left"
# The server that has loaded it ends, too, and its hosts with it; the next one has not loaded it.
derives alarm-constructor CRASH "CardDeriveKey: signal"
says alarm-storm "many alarms"
others_pass
says ignore-children '"e":"return"' 100
others_pass
# The next process finds what the first one found.
says disturb-process "found nothing 022 $work"
others_pass
expect_no_text run/trace.jsonl "/nowhere.so"
expect_no_text run/trace.jsonl "found nothing 777"
expect_no_text run/trace.jsonl "found nothing 022 /\\n"
[ -r run/results.json ] && [ "$(stat -c %a run/results.json)" = 644 ] || wrong "disturb-process: the report's mode"

# Threads and children end with the case, sessions of their own and siblings too.
one thread-derive FAIL invariant/R057 "the first of 5 bytes from CardDeriveKey"
judge_hostile crash-thread 10 R060 R127 own.yaml
grep -q '"verdict":"CRASH".*write of address 8, at run' run/results.json ||
    wrong "crash-thread: no crash of it"
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
says fork-fifty "left 50 children"
says fork-return "as a child"
expect_text run/trace.jsonl "as a parent"
verdict FAIL "$unknown" "success"
# A child that keeps the card keeps it no longer than the case lasts.
one hold-card WARN invariant/R048 "CardDeriveKey began 1 and ended 0"
others_pass

# The channel to the runner.
derives close-descriptors CRASH "the host could not use its control channel any more"
derives write-descriptors CRASH "garbage on the control channel"
derives forge-event CRASH "garbage on the control channel"
# An answer that came too early is taken for the call's, which has no result then; the real one comes too late.
judge_hostile forge-reply
expect_text run/results.json "garbage on the control channel"
others_pass

# The processes around it: a server of hosts that is gone, stopped or lamed has a successor.
derives kill-parent CRASH "signal 9 SIGKILL: the host server is gone"
says stop-parent "stopped: 0"
others_pass
says limit-parent "limited: 0 0"
others_pass
# Without daemon and card nothing can be told of the driver: the run is cut short.
run_hostile 6 kill-daemon 10 --jobs 1 "$unknown" R010 R060
expect_text err "ended in the middle of the run; the run is cut short"
expect_text run/results.json '"complete":false'

# A trace that somebody else has written to is not judged, and an earlier run's reports are none of this one's.
for name in truncate-trace replace-trace append-trace; do
    echo '{"complete":true}' >run/results.json
    run_hostile 4 $name
    expect_text err "is not what this run wrote"
    checks=$((checks + 1))
    [ ! -e run/results.json ] && [ ! -e run/junit.xml ] || wrong "$name: there is a report"
done
check_kept
finish
