#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The commands that answer one question: derive, probe, list, explain, lint, readers, virtual.
. "$(dirname "$0")/lib.sh"
reference=$DRIVERS/reference.so

expect_code 0 "$MDCTS" derive --driver "$reference" --curve P-256 --kdf HMAC --hash SHA256 \
    --param KDF_HMAC_KEY=hex:0306
expect_text "$work/out" "SCARD_S_SUCCESS (0x00000000)"
expect_text "$work/out" "cbDerivedKey  32 bytes"
expect_text "$work/out" "Oracle        agrees"
expect_text "$work/out" "CspAlloc(32) = block"
expect_text "$work/out" "Index         0"
expect_text "$work/out" "1 callbacks, 0 APDUs during CardDeriveKey; 3 APDUs during CardConstructDHAgreement"
grep -Eq '^Time +[0-9]+ us in CardDeriveKey' "$work/out" || wrong "no time"
grep -Eq '^Key +[0-9a-f]{64}$' "$work/out" || wrong "no key"
expect_code 1 "$MDCTS" derive --driver "$reference" --container 4
expect_text "$work/out" "CardConstructDHAgreement SCARD_E_INVALID_PARAMETER (0x80100004)"
expect_no_text "$work/out" Index
expect_code 1 "$MDCTS" derive --driver "$DRIVERS/mutant-sha384-is-sha256.so" --hash SHA384
expect_text "$work/out" "Oracle        FAIL"
expect_no_text "$work/out" "agrees"
expect_code 0 "$MDCTS" derive --driver "$reference" --secret-handle --leading-zeros 1
expect_text "$work/out" "CspGetDHAgreement(handle by address, flags 0) answered index 1"
expect_code 2 "$MDCTS" derive --driver "$reference" --param nothing

# What a step says is what the driver gets: an algorithm without a meaning, another client's command.
cat >"$work/sent.yaml" <<'EOF'
suite: sent
fixtures:
  agreed: [{acquire: {}}, {authenticate: {}}, {construct: {curve: P-256, as: z}}]
cases:
  - id: sent/algorithm
    about: An algorithm that is meant to be unknown reaches the driver.
    requirement: R148
    fixture: agreed
    steps:
      - derive: {agreement: $z, kdf: any, version: 2, algorithm: {unknown: FOO}}
        expect: {return: any}
  - id: sent/refused
    about: A command that the card refuses has changed nothing, and there is nothing to judge.
    requirement: R251
    fixture: agreed
    steps:
      - foreign: {apdu: "hex:00A4040007A0000000041010"}
      - derive: {agreement: $z, kdf: any}
        expect: {return: success}
EOF
expect_code 0 "$MDCTS" run --driver "$reference" --out "$work/sent" "$work/sent.yaml"
expect_text "$work/sent/trace.jsonl" '"algorithm":"FOO"'
expect_text "$work/sent/results.json" "the card refuses the other client's command (status word 6A82)"

expect_code 0 "$MDCTS" probe --driver "$reference" -o "$work/p.yaml"
expect_code 0 "$MDCTS" lint "$work/p.yaml"
expect_code 0 "$MDCTS" run --profile "$work/p.yaml" --out "$work/run" R010

expect_code 0 "$MDCTS" lint "$ROOT/cases"
expect_code 0 "$MDCTS" list
expect_text "$work/out" "derive/hash/named"
expect_code 0 "$MDCTS" list --coverage
cp "$work/out" "$work/coverage"
ids=$(requirement_ids)
rows=$(echo "$ids" | wc -l)
[ "$rows" -ge 253 ] || wrong "only $rows requirements"
for id in $ids; do
    checks=$((checks + 1))
    grep -Eq "^$id .* (mutants?|-) +[^ ]|^$id .* untestable: " "$work/coverage" ||
        wrong "no cases and mutants, and no reason, for $id"
done
expect_code 0 "$MDCTS" explain $ids
for id in $ids; do
    checks=$((checks + 1))
    grep -q "^$id " "$work/out" || wrong "explain says nothing about $id"
done
expect_code 2 "$MDCTS" explain R999
# What mutants showed: where their table lies beside the cases.
expect_code 0 "$MDCTS" explain R152
expect_text "$work/out" "found        HASH with SHA384 computes SHA256."
mkdir "$work/elsewhere"
cp -r "$ROOT/cases" "$work/elsewhere"
expect_code 0 env MDCTS_CASES="$work/elsewhere/cases" "$MDCTS" list --coverage
expect_no_text "$work/out" "1 mutant"
expect_text "$work/out" "The table of mutants"
expect_code 0 env MDCTS_CASES="$work/elsewhere/cases" "$MDCTS" explain R152
expect_no_text "$work/out" "found"

# A file or a folder gives all its cases, but beside ids and requirements of some of them those.
expect_code 0 "$MDCTS" list "$ROOT/cases/derive"
expect_text "$work/out" "derive/hash/named"
expect_no_text "$work/out" "destroy/unused"
expect_code 0 "$MDCTS" list "$ROOT/cases/derive" R152
expect_no_text "$work/out" " R151 "
expect_code 0 "$MDCTS" list "$ROOT/cases/destroy" R152
expect_text "$work/out" "derive/hash/named"
expect_text "$work/out" "destroy/unused"

# Twice: by the whole suite and by the documents.
expect_code 0 "$MDCTS" list
grep -q ' INF ' "$work/out" || wrong "no case about an inference"
expect_text "$work/out" "by the whole suite: "
expect_text "$work/out" "by the documents:   "
grep '^by the' "$work/out" >"$work/counts"
expect_code 0 "$MDCTS" list --kinds documents
expect_no_text "$work/out" " INF "
grep '^by the' "$work/out" | cmp - "$work/counts" || wrong "the counts depend on what is listed"
[ "$("$MDCTS" list --kinds documents | grep -Ec ' (SRC|HDR|KIT) ')" -eq "$(sed -n 's/^by the documents: *\([0-9]*\) cases.*/\1/p' "$work/counts")" ] ||
    wrong "the list and its count differ"
expect_code 0 "$MDCTS" list --kinds documents --expanded
[ "$(wc -l <"$work/out")" -eq "$(sed -n 's/^by the documents.* \([0-9]*\) after.*/\1/p' "$work/counts")" ] ||
    wrong "the expanded list and its count differ"
expect_code 0 "$MDCTS" list --coverage --kinds documents
expect_no_text "$work/out" "R251 "
expect_text "$work/out" "$(grep '^the whole suite' "$work/coverage")"
grep -q "^the whole suite .* of $rows covered: .* 0 without a case" "$work/coverage" || wrong "a requirement has no case"
expect_code 5 "$MDCTS" list --kinds documents R251
expect_code 2 "$MDCTS" list --kinds bad
expect_text "$work/err" "--kinds is suite or documents, not 'bad'"
# R251 is an inference, R196 is documented.
twice() { # MUTANT CASES CODE CODE-BY-DOCUMENTS
    expect_code "$3" "$MDCTS" run --driver "$DRIVERS/mutant-$1.so" --out "$work/twice" $2
    expect_code "$3" "$MDCTS" judge "$work/twice"
    cp "$work/out" "$work/suite"
    expect_code "$4" "$MDCTS" run --driver "$DRIVERS/mutant-$1.so" --out "$work/twice" --kinds documents $2
    expect_code "$4" "$MDCTS" judge "$work/twice" --kinds=documents
}
twice never-selected-again "R251 R196" 1 0
grep -q '^by the whole suite: .* fail' "$work/suite" || wrong "no failure by the whole suite"
! grep -q '^by the documents: .* fail' "$work/suite" || wrong "a failure by the documents"
expect_text "$work/suite" "FAIL "
expect_no_text "$work/out" "FAIL "
expect_no_text "$work/out" "context/"
expect_text "$work/twice/results.json" '"verdict":"FAIL"'
twice destroy-flags-ignored R196 1 1
expect_text "$work/out" "FAIL "
expect_code 2 "$MDCTS" run --driver "$reference" --out "$work/twice" --kinds bad R196
expect_code 2 "$MDCTS" judge "$work/twice" --kinds bad
expect_code 0 "$MDCTS" explain derive/hash/named

# The manual's worked example does what the manual says.
awk '/^```yaml/ { inside = 1; next } /^```/ { if (inside) exit } inside' "$ROOT/cases/README.md" >"$work/example.yaml"
expect_text "$work/example.yaml" "example/hash/named"
expect_code 0 "$MDCTS" lint "$work/example.yaml"
expect_code 0 "$MDCTS" run --driver "$reference" --out "$work/example" "$work/example.yaml"
checks=$((checks + 1))
[ "$(grep -c '"id":"example/hash/named\[.*"verdict":"PASS"' "$work/example/results.json")" -eq 4 ] ||
    wrong "the worked example does not pass four times"

# So does its rule of one's own; and what reproduces a failure finds the file again, and that case alone.
awk '/^```yaml/ { inside = 1; n++; next } /^```/ { inside = 0 } inside && n == 2' "$ROOT/cases/README.md" >"$work/own.yaml"
expect_code 0 "$MDCTS" explain "$work/own.yaml" ACME-1 acme/agreement/commands
expect_code 0 "$MDCTS" run --driver "$reference" --out "$work/own" "$work/own.yaml"
sed -i 's/at_most: 4/at_most: 0/' "$work/own.yaml"
sed -n '/^  - id/,$p' "$work/own.yaml" | sed 's/commands/again/' >>"$work/own.yaml"
expect_code 1 "$MDCTS" run --driver "$reference" --out "$work/own" "$work/own.yaml"
expect_text "$work/out" "own.yaml acme/agreement/again"
expect_code 1 "$MDCTS" run --driver "$reference" --out "$work/own" "$work/own.yaml" acme/agreement/again
expect_no_text "$work/out" "acme/agreement/commands"

# A reader of somebody else's daemon is a real reader: PIN from the environment, sent once if it is wrong.
expect_code 0 "$MDCTS" virtual -- "$MDCTS" readers
expect_text "$work/out" "MDCTS V0 00 00"
expect_code 0 "$MDCTS" virtual -- env MDCTS_PIN=123456 "$MDCTS" run --reader MDCTS --driver "$reference" \
    --out "$work/real" R063
expect_no_text "$work/real/trace.jsonl" 313233343536
expect_code 3 "$MDCTS" virtual -- env MDCTS_PIN=654321 "$MDCTS" run --reader MDCTS \
    --driver "$reference" --out "$work/wrong" R063
expect_text "$work/err" "refused the PIN"
for file in "$work/wrong/trace.jsonl" "$work/out" "$work/err"; do
    for form in 363534333231 360035003400 654321; do
        expect_no_text "$file" "$form"
    done
done
[ "$(grep -c '"command":"0020' "$work/wrong/trace.jsonl")" -eq 1 ] || wrong "the PIN was not sent just once"
# A later run remembers, without the PIN being written anywhere, until it is told to forget.
expect_code 3 "$MDCTS" virtual -- env MDCTS_PIN=654321 "$MDCTS" run --reader MDCTS \
    --driver "$reference" --out "$work/again" R063
expect_text "$work/err" "mdcts pin --forget"
[ ! -e "$work/again/trace.jsonl" ] || wrong "the second run touched the card"
expect_no_text "$work/state/mdcts/refused-pins" 654321
expect_code 0 "$MDCTS" virtual -- env MDCTS_PIN=123456 "$MDCTS" run --reader MDCTS \
    --driver "$reference" --out "$work/right" R063
expect_code 0 "$MDCTS" pin --forget
[ ! -e "$work/state/mdcts/refused-pins" ] || wrong "nothing was forgotten"
expect_code 2 "$MDCTS" pin
expect_code 7 "$MDCTS" virtual -- sh -c 'exit 7'

# Colours are for terminals that want them.
if command -v script >/dev/null; then
    red="$MDCTS run --driver $DRIVERS/mutant-destroy-flags-ignored.so --out $work/red R196"
    colours() { # EXPECTED ENVIRONMENT...
        wanted=$1
        shift
        checks=$((checks + 1))
        env TERM=xterm CI= "$@" script -qec "$red" /dev/null >"$work/out" 2>&1
        seen=no
        ! grep -q "$(printf '\033')\[[0-9]*m" "$work/out" || seen=yes
        [ "$seen" = "$wanted" ] || wrong "colours: $seen with $*"
    }
    colours yes NOTHING=
    colours no NO_COLOR=1
    colours no TERM=dumb
fi

# Sweeps are left out, or taken to their ends.
expect_code 0 "$MDCTS" run --driver "$reference" --no-sweeps --out "$work/run" memory/sweeps
expect_text "$work/run/results.json" "sweeps are left out"
expect_no_text "$work/run/trace.jsonl" '"e":"swept"'
expect_code 0 "$MDCTS" run --driver "$reference" --out "$work/run" memory/sweeps/acquire-cold
expect_text "$work/run/results.json" "only with --exhaustive"
expect_code 0 "$MDCTS" run --driver "$reference" --exhaustive --out "$work/run" 'memory/sweeps/acquire-cold[fault=one]'
expect_text "$work/run/trace.jsonl" '"e":"swept"'
expect_no_text "$work/run/trace.jsonl" '"cut":true'
expect_code 2 "$MDCTS" run --driver "$reference" --no-sweeps --exhaustive --out "$work/run"
expect_text "$work/err" "exclude each other"

expect_nothing_left
finish
