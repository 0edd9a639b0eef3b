#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the fuzz targets of harness/fuzz with clang's libFuzzer, ASan and UBSan, and runs each for a while.
set -eu
cd "$(dirname "$0")/.."
. harness/setup.sh

targets="suite profile trace judge results frames apdu card reader"
seconds=60
wanted=

usage() {
    cat <<TEXT
usage: sh harness/fuzz.sh [--seconds N] [--no-install] [TARGET ...]

Runs each fuzz target N seconds [$seconds], one after the other, at low priority; harness/fuzz/README.md says what they are.
Targets: $targets

  --seconds N    for each target
  --no-install   never install anything; name what is missing and exit 3
  --help         this text

What a target has learnt stays in build/fuzz/corpus/TARGET and is where the next run begins.  An input that crashes it, leaks,
or takes longer than 30 s is stored in build/fuzz/findings/TARGET; how to run it again is printed.  Once mended, put it
into harness/fuzz/regressions/TARGET: every test run plays it.

Exit codes: 0 nothing found, 1 something was, 2 usage, 3 something is missing.
TEXT
}

is_target() {
    case " $targets " in
    *" $1 "*) return 0 ;;
    esac
    return 1
}

while [ $# -gt 0 ]; do
    case $1 in
    --seconds)
        seconds=${2:-}
        case $seconds in
        '' | *[!0-9]* | 0*) fail 2 "--seconds takes a number, not '$seconds'" ;;
        esac
        shift
        ;;
    --no-install) install=no ;;
    --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *)
        is_target "$1" || fail 2 "there is no target '$1'; there are: $targets"
        wanted="$wanted $1"
        ;;
    esac
    shift
done

need_build
need command clang clang
need sanitizer clang libclang-rt-dev
setup_install

build=build/fuzz
mkdir -p build
say "Building (fuzz)"
cmake --preset fuzz >build/fuzz.log 2>&1 && nice cmake --build --preset fuzz >>build/fuzz.log 2>&1 || {
    tail -n 40 build/fuzz.log >&2
    fail 1 "the build failed (all of it: build/fuzz.log)"
}
sh harness/fuzz/seeds.sh "$build/bin/fuzz-seeds" "$build/fuzz-seeds"

found=0
for target in ${wanted:-$targets}; do
    mkdir -p "$build/corpus/$target" "$build/findings/$target"
    set --
    [ ! -f "$build/fuzz-seeds/$target.dict" ] || set -- "-dict=$build/fuzz-seeds/$target.dict"
    log=$build/findings/$target.log
    if nice "$build/bin/fuzz-$target" "$@" -max_total_time="$seconds" -timeout=30 -print_final_stats=1 \
        -artifact_prefix="$build/findings/$target/" "$build/corpus/$target" "$build/fuzz-seeds/$target" >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        say "$target: $runs inputs in $seconds s, nothing found"
        continue
    fi
    found=1
    say "$target: FOUND (all of it: $log)"
    grep -E 'does not hold|runtime error|ERROR|SUMMARY' "$log" | head -n 3 || :
    input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    say "  input      ${input:-none was written}"
    say "  run again  $build/bin/fuzz-$target ${input:-}"
done
exit "$found"
