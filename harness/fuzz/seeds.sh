#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# seeds.sh FUZZ-SEEDS FOLDER: makes the targets' first inputs, FOLDER/TARGET/*, and their dictionaries, FOLDER/TARGET.dict,
# from what the repository has: cases, bad scenarios, profiles, stored traces and results; FUZZ-SEEDS writes the binary ones.
# What was found once stays in regressions/TARGET and is played, too.
set -eu
program=$1
mkdir -p "$2"
out=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

rm -rf "$out"/*
for target in suite profile trace judge results frames apdu card reader; do
    mkdir -p "$out/$target"
    [ ! -d "$here/regressions/$target" ] || cp "$here/regressions/$target"/* "$out/$target"
done
"$program" "$out"

# A suite file for each case: what stands before `cases:`, and the case.
for file in "$root"/cases/*/*.yaml; do
    name=$(basename "$(dirname "$file")")-$(basename "$file" .yaml)
    awk -v prefix="$out/suite/$name" '
        /^  - id:/ { if (out != "") close(out); out = prefix "-" ++n; printf "%s", head >out }
        out == "" { head = head $0 "\n"; next }
        { print >out }' "$file"
done
for file in "$root"/fixtures/scenarios/*.yaml; do
    case $(basename "$file") in
    profile-*) cp "$file" "$out/profile" ;;
    *) cp "$file" "$out/suite" ;;
    esac
done
cp "$root"/fixtures/profiles/*.yaml "$root"/fixtures/reference/*.yaml "$out/profile"
for folder in "$root"/fixtures/traces/*/; do
    name=$(basename "$folder")
    cp "$folder/trace.jsonl" "$out/judge/$name"
    split -l 12 "$folder/trace.jsonl" "$out/trace/$name-"
    cp "$folder/results.json" "$out/results/$name"
done

# Words that stand in quotes, once each.
words() {
    tr -c 'A-Za-z0-9_-' '\n' | grep -E '^[A-Za-z][A-Za-z0-9_-]{1,30}$' | sort -u | sed 's/.*/"&"/'
}
cat "$root/cases/case.schema.json" | words >"$out/suite.dict"
cat "$root"/fixtures/profiles/*.yaml "$root"/fixtures/scenarios/profile-*.yaml | words >"$out/profile.dict"
cat "$root"/fixtures/traces/*/trace.jsonl | grep -o '"[A-Za-z_]*":' | words >"$out/judge.dict"
cp "$out/judge.dict" "$out/trace.dict"
cat "$root"/fixtures/traces/*/results.json | grep -o '"[A-Za-z_]*":' | words >"$out/results.dict"
