#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every test: sets up, builds with gcc and clang (warnings are errors; sanitizers in runner, card and unit
# tests), runs all tests of the gcc build and the unit tests of the clang build.
set -eu
cd "$(dirname "$0")/.."
. harness/setup.sh

usage() {
    cat <<'TEXT'
usage: sh harness/test.sh [--no-install]

  --no-install   never install anything; name what is missing and exit 3
  --help         this text

Exit codes: 0 every test passed, 1 not so, 3 something is missing.
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
need command g++ g++
need command clang clang
need sanitizer clang libclang-rt-dev
need command clang-format clang-format
need command opensc-tool opensc
need command yubico-piv-tool yubico-piv-tool
need command openssl openssl
need command xmllint libxml2-utils
need command python3 python3
need file /usr/lib/python3/dist-packages/jsonschema python3-jsonschema
need file /usr/lib/python3/dist-packages/yaml python3-yaml
setup_install

for preset in dev dev-clang; do
    say "Building ($preset)"
    mkdir -p build
    cmake --preset "$preset" >"build/$preset.log" 2>&1 &&
        cmake --build --preset "$preset" >>"build/$preset.log" 2>&1 || {
        tail -n 60 "build/$preset.log" >&2
        fail 1 "the $preset build failed (all of it: build/$preset.log)"
    }
done

say "Unit tests of the clang build"
ctest --preset dev-clang -L unit -j 2
say "All tests of the gcc build"
ctest --preset dev -j 2
