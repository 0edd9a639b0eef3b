#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The example profiles hold, and what a profile declares is compared with what probing finds.
. "$(dirname "$0")/lib.sh"
reference=$DRIVERS/reference.so
profiles=$ROOT/fixtures/profiles

expect_code 0 "$MDCTS" lint "$profiles/reference.yaml" "$profiles/real-card.yaml"

# Declared containers open the cases of keys that only sign.
sign=construct/container/of-another-kind
expect_code 0 "$MDCTS" run --profile "$profiles/reference.yaml" --driver "$reference" --out "$work/run" "$sign" R190
expect_text "$work/out" "capability       16        0        0"
expect_no_text "$work/run/results.json" "no sign-only container"
expect_text "$work/run/results.json" '"id":"capability/kdfs","requirement":null,"verdict":"PASS"'

# A real card's profile, here with somebody else's daemon; the PIN is neither in it nor in the trace.
expect_code 3 "$MDCTS" virtual -- "$MDCTS" run --profile "$profiles/real-card.yaml" --driver "$reference" \
    --reader MDCTS --out "$work/real" R190
expect_text "$work/err" "MDCTS_PIN"
expect_code 0 "$MDCTS" virtual -- env MDCTS_PIN=123456 "$MDCTS" run --profile "$profiles/real-card.yaml" \
    --driver "$reference" --reader MDCTS --out "$work/real" R190
expect_text "$work/out" "capability"
expect_no_text "$work/real/trace.jsonl" 313233343536
expect_code 3 "$MDCTS" virtual -- env MDCTS_PIN=123456 "$MDCTS" run --profile "$profiles/real-card.yaml" \
    --driver "$reference" --out "$work/real" R190
expect_text "$work/err" "ACS"

# declare EDIT...: the example with something changed, as sed does it.
declare() {
    sed "$@" "$profiles/reference.yaml" >"$work/changed.yaml"
}
run="$MDCTS run --profile $work/changed.yaml --driver $reference --out $work/run"

# Nothing at all happens in a skipped case: no host, no APDU.
expect_code 0 "$MDCTS" run --driver "$reference" --out "$work/skips" 'acquire/entry-points/*'
checks=$((checks + 1))
skipped=$(sed -n 's/^{"case":{"n":\([0-9]*\),.*"skip":.*/\1/p' "$work/skips/trace.jsonl")
[ -n "$skipped" ] || wrong "no case was skipped"
for n in $skipped; do
    ! grep -q "^{\"e\":.*\"c\":$n}" "$work/skips/trace.jsonl" || wrong "something happened in the skipped case $n"
done

# Refused though declared: one failure, and the cases that would need it cost nothing.
declare -e 's/hashes: \[/hashes: [MD5, /'
expect_code 1 $run derive/hash/named R190
expect_text "$work/out" "FAIL capability/hashes"
expect_text "$work/out" "expected  MD5, as the profile declares"
expect_code 1 "$MDCTS" judge "$work/run"
mkdir "$work/copy"
cp "$work/run/trace.jsonl" "$work/copy"
expect_code 1 env MDCTS_CASES=/nonexistent "$MDCTS" judge "$work/copy"
expect_same "$work/run/results.json" "$work/copy/results.json"

# It works though undeclared: a warning, and cases judge it.
declare -e 's/, TRUNCATE\]/]/'
expect_code 0 $run R190
expect_text "$work/out" "WARN capability/kdfs: no TRUNCATE, as the profile declares, observed it works"
expect_text "$work/run/results.json" '"requirement":"R190","verdict":"PASS"'
expect_code 1 $run --fail-on warn R190

# Refused and undeclared is a skip; what isn't mentioned isn't compared.
declare -e '/hashes:/d'
expect_code 0 $run derive/hash/named
expect_text "$work/out" "capability       15        0        0"
expect_no_text "$work/run/results.json" capability/hashes

# Keys that should want the PIN and don't; without the declaration that is a skip.
pinless="--driver $DRIVERS/dialect-pin-never.so --out $work/run"
expect_code 1 "$MDCTS" run --profile "$profiles/reference.yaml" $pinless authentication/agreement-needs-pin
expect_text "$work/out" "FAIL capability/pin"
expect_text "$work/out" "expected  the PIN once for agreements, as the profile declares"
expect_text "$work/run/results.json" '"id":"authentication/agreement-needs-pin","requirement":"R077","verdict":"FAIL"'
expect_code 0 "$MDCTS" run $pinless authentication/agreement-needs-pin
# A container's own 'pin' declares as much, for its key alone; what probing writes holds.
declare -e '/^  pin: once/d'
expect_code 1 "$MDCTS" run --profile "$work/changed.yaml" $pinless authentication/agreement-needs-pin
expect_text "$work/out" "FAIL capability/containers"
expect_text "$work/run/results.json" '"id":"authentication/agreement-needs-pin","requirement":"R077","verdict":"FAIL"'
expect_code 0 "$MDCTS" run --profile "$work/changed.yaml" --driver "$reference" --out "$work/run" authentication/agreement-needs-pin
for driver in reference dialect-pin-never dialect-table-of-one dialect-second-pin; do
    [ -e "$DRIVERS/$driver.so" ] || continue
    expect_code 0 "$MDCTS" probe --driver "$DRIVERS/$driver.so" -o "$work/probed.yaml"
    expect_code 0 "$MDCTS" lint "$work/probed.yaml"
    expect_code 0 "$MDCTS" run --profile "$work/probed.yaml" --out "$work/run" authentication/agreement-needs-pin R190
done

# Keys that want another PIN than the user's: found by trying, written with where it comes from, and
# told where nobody gives it; then nothing can be asked of them, and nothing fails.
other="--driver $DRIVERS/dialect-keys-under-second-pin.so"
if [ -e "$DRIVERS/dialect-keys-under-second-pin.so" ]; then
    second="env MDCTS_SECOND_PIN=123456"
    expect_code 0 $second "$MDCTS" probe --profile "$profiles/../reference/keys-under-second-pin.yaml" --reader virtual $other -o "$work/probed.yaml"
    expect_text "$work/probed.yaml" "{index: 0, curve: P-256, use: agree, pin: 3}"
    expect_code 0 "$MDCTS" lint "$work/probed.yaml"
    expect_code 0 $second "$MDCTS" run --profile "$work/probed.yaml" --out "$work/run" R078 R190 R237
    expect_no_text "$work/out" "WARN"
    expect_text "$work/run/results.json" '"id":"authentication/other-pin[pin=1]","requirement":"R078","verdict":"PASS"'
    expect_code 0 "$MDCTS" run $other --out "$work/run" R077 R190
    expect_text "$work/err" "warning: a key that agrees wants the PIN of role 3"
    expect_text "$work/run/results.json" "no PIN for role 3"
fi

# Dialects that no case depends on are told as comments.
expect_code 0 "$MDCTS" probe --driver "$reference"
expect_text "$work/out" "# the index of a context's first agreement: 0"
expect_text "$work/out" "# what CspGetDHAgreement is handed of a secret handle's BCryptBuffer: address"
expect_text "$work/out" "hashes: [SHA1, SHA256, SHA384, SHA512] # MD5: SCARD_E_INVALID_PARAMETER"
expect_text "$work/out" "key_handles: false # CARD_RETURN_KEY_HANDLE: SCARD_E_UNSUPPORTED_FEATURE"
expect_text "$work/out" "{index: 5, curve: P-256, use: unknown, pin: 1} # told in pbSigPublicKey, agreement: SCARD_E_INVALID_PARAMETER"
expect_code 0 "$MDCTS" probe --driver "$DRIVERS/dialect-first-index-one.so"
expect_text "$work/out" "# the index of a context's first agreement: 1"

# A waiver forgives it, and the reproduction names the profile.
declare -e 's/hashes: \[/hashes: [MD5, /'
printf 'waivers: [{cases: "capability/*", reason: "MD5 comes", owner: me}]\n' >>"$work/changed.yaml"
expect_code 0 $run R190
expect_text "$work/run/results.json" '"verdict":"WAIVED","reason":"MD5 comes"'
expect_text "$work/run/results.json" "mdcts run --profile $work/changed.yaml --driver "

# What the driver writes to its log files is searched for secrets; what they held before is not.
printf 'driver: {path: %s, env: {MUTANT_LOG: %s}, logs: ["*.log"]}\n' "$reference" "$work/driver.log" >"$work/logs.yaml"
logs="$MDCTS run --profile $work/logs.yaml --driver $DRIVERS/mutant-secret-printed.so --out $work/run"
expect_code 0 $logs --jobs 1 derive/hash/named
expect_text "$work/out" "WARN invariant/R224"
expect_text "$work/run/results.json" "Z in the log file driver.log"
expect_code 0 "$MDCTS" run --profile "$work/logs.yaml" --driver "$reference" --out "$work/run" derive/hash/named
expect_no_text "$work/out" "WARN"
expect_text "$work/run/trace.jsonl" '"log":true'

# What a profile may say and a run does not heed is told; the calling convention is heeded.
declare -e '$a budgets: {max_time_s: 60}'
expect_code 0 $run R190
expect_text "$work/err" "changed.yaml: warning: 'budgets' has no effect"
declare -e '$a pins: [{id: user, source: "env:THE_PIN", touch: true}]'
expect_code 0 env THE_PIN=123456 $run R190
expect_text "$work/err" "changed.yaml: warning: 'pins: touch' has no effect"
expect_text "$work/run/trace.jsonl" '"pin_always":false,"pin_never":false'

# Our own card asks for the PIN as the profile says; cases for which that is too often, or too seldom, are skipped.
declare -e '/^  pin: /d' -e '$a pins: [{id: user, source: "env:THE_PIN", policy: always}]'
expect_code 0 env THE_PIN=123456 $run R190 R218
expect_text "$work/run/trace.jsonl" '"pin_always":true,"pin_never":false'
expect_text "$work/run/results.json" "each agreement needs the PIN anew"
declare -e '/^  pin: /d' -e 's/, pin: 1//' -e '$a pins: [{id: user, source: "env:THE_PIN", policy: never}]'
expect_code 0 env THE_PIN=123456 $run R190 R063
expect_text "$work/run/trace.jsonl" '"pin_always":false,"pin_never":true'
expect_no_text "$work/err" "has no effect"
expect_code 0 "$MDCTS" virtual -- env THE_PIN=123456 $run --reader MDCTS R190
expect_text "$work/err" "'pins: policy' has no effect"

# The driver's surroundings: a folder of its own, settings that the trace names, a command before the first case.
mkdir "$work/at home"
cat >"$work/around.yaml" <<EOF
driver:
  path: $DRIVERS/hostile-disturb-process.so
  cwd: at home
  config: [at home/settings]
  setup: 'echo "\$PCSCLITE_CSOCK_NAME \$(pwd)" >settings; echo all is set up'
EOF
expect_code 1 "$MDCTS" run --profile "$work/around.yaml" --out "$work/run" R010 "derive/kdf/unknown[name=FOO]"
expect_text "$work/err" "all is set up"
expect_no_text "$work/err" "has no effect"
expect_text "$work/at home/settings" "/pcscd $work/at home"
expect_text "$work/run/trace.jsonl" "\"config\":[{\"path\":\"$work/at home/settings\",\"sha256\":\"$(sha256sum "$work/at home/settings" | cut -d ' ' -f 1)\"}]"
expect_text "$work/run/trace.jsonl" "found nothing 022 $work/at home"
sed -i 's/  setup: .*/  setup: "kill -9 $$"/' "$work/around.yaml"
expect_code 3 "$MDCTS" run --profile "$work/around.yaml" --out "$work/run" R010
expect_text "$work/err" "ended with signal 9"
sed -i 's/  setup: .*//; s/home\/settings/home\/nothing/' "$work/around.yaml"
expect_code 3 "$MDCTS" run --profile "$work/around.yaml" --out "$work/run" R010
expect_text "$work/err" "driver.config: $work/at home/nothing: No such file"
sed -i 's/cwd: .*/cwd: nowhere/; s/config: .*//' "$work/around.yaml"
expect_code 3 "$MDCTS" run --profile "$work/around.yaml" --out "$work/run" R010
expect_text "$work/err" "driver.cwd: $work/nowhere: No such file"

declare -e '$a abi: ms'
expect_code 0 "$MDCTS" run --profile "$work/changed.yaml" --driver "$DRIVERS/reference-ms.so" --out "$work/run" R063
expect_text "$work/run/trace.jsonl" '"abi":"ms"'
expect_code 0 "$MDCTS" run --driver "$DRIVERS/reference-ms.so" --abi ms --out "$work/run" R063
expect_code 1 "$MDCTS" run --driver "$DRIVERS/reference-ms.so" --out "$work/run" R010
expect_code 2 "$MDCTS" run --driver "$reference" --abi win32 --out "$work/run" R010

expect_nothing_left
finish
