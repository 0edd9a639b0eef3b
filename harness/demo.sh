#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a fresh clone to verdicts: sets up, builds, judges the reference driver with every case through a private
# PC/SC daemon and a virtual card, then shows what a defect looks like.
set -eu
cd "$(dirname "$0")/.."
. harness/setup.sh

usage() {
    cat <<'TEXT'
usage: sh harness/demo.sh [--no-install]

Installs what is missing (Debian packages, listed first), builds a release in build/release, judges the
reference driver on the virtual reader with all of cases/, and then one mutant of it.

  --no-install   never install anything; name what is missing and exit 3
  --help         this text

Reports: out/demo/trace.jsonl, out/demo/results.json, out/demo/junit.xml
Exit codes: 0 the reference passes and the mutant is caught, 1 not so, 3 something is missing.
TEXT
}

for argument in "$@"; do
    case $argument in
    --no-install) install=no ;;
    --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
    esac
done

need_build
setup_install

say "Building (build/release)"
cmake --preset release >out.log 2>&1 && cmake --build --preset release >>out.log 2>&1 || {
    cat out.log >&2
    rm -f out.log
    fail 1 "the build failed"
}
rm -f out.log

build=build/release
say "Judging the reference driver with all of cases/"
"$build/bin/mdcts" run --driver "$build/drivers/reference.so" --reader virtual --out out/demo

mutant=sha384-is-sha256
say ""
say "And this is what a defect looks like: the same driver, but one hash is wrong ($mutant)"
status=0
"$build/bin/mdcts" run --driver "$build/drivers/mutant-$mutant.so" --reader virtual \
    --out out/demo-mutant R152 || status=$?
[ "$status" -eq 1 ] || fail 1 "the mutant should have failed with exit code 1, not $status"
say ""
say "The reference driver's reports: out/demo/trace.jsonl out/demo/results.json out/demo/junit.xml"
