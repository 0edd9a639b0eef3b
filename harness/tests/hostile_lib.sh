# SPDX-License-Identifier: Apache-2.0
# Sourced, behind lib.sh, by the scripts about drivers that misbehave as processes.
unknown='derive/kdf/unknown[name=FOO]'
mkdir "$work/drivers" "$work/kept"
cd "$work" || exit 2
# Cases of our own, for what the suite's don't bring about with a driver that can do so little.
cat >"$work/own.yaml" <<'EOF'
suite: hostile
cases:
  - id: hostile/calls-back
    about: A callback may call the driver, and the driver may then be called again.
    requirement: R206
    steps:
      - acquire: {version: 7}
      - construct: {container: 0, as: a}
      - derive: {agreement: $a, kdf: {unknown: FOO}, parameters: [{KDF_NCRYPT_SECRET_HANDLE: h1}]}
        callbacks: {CspGetDHAgreement: [{handle: h1, index: $a, return: 0, calls_back: true}]}
        expect: {return: any, calls: {CspGetDHAgreement: 1}}
      - destroy: {agreement: $a}
        expect: {return: any}
  - id: hostile/two-lives
    about: A context may follow another one.
    requirement: R010
    steps:
      - acquire: {version: 7}
      - delete_context: {}
      - acquire: {version: 7}
        expect: {return: success}
EOF

nobody_has_drivers() {
    ! grep -qs "$work/drivers/" /proc/[0-9]*/maps
}

# run_hostile CODE NAME [SCALE [SELECTOR...]]: the run ends with that code; of it nothing is left but what it reports.
run_hostile() {
    code_wanted=$1 name=$2 scale=${3:-10}
    shift 2
    [ $# -eq 0 ] || shift
    [ $# -gt 0 ] || set -- R010 R060 "$unknown" acquire/entry-points/library
    cp "$DRIVERS/hostile-$name.so" "$work/drivers"
    expect_code "$code_wanted" "$MDCTS" run --driver "$work/drivers/hostile-$name.so" --timeout-scale "$scale" \
        --out run "$@"
    expect_nothing_left
    checks=$((checks + 3))
    nobody_has_drivers || wrong "$name: a process has the driver: $(grep -ls "$work/drivers/" /proc/[0-9]*/maps)"
    ! grep -F "$work/" /proc/net/unix || wrong "$name: a socket is left"
    ! LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]\|\302[\200-\237]')" out err run/trace.jsonl ||
        wrong "$name: a control character got through"
}

# judge_hostile NAME [SCALE [SELECTOR...]]: the run ends with exit code 1, and its reports are whole.
judge_hostile() {
    run_hostile 1 "$@"
    expect_text run/results.json '"complete":true'
    expect_text run/results.json '"not_run":0'
    expect_code 0 xmllint --noout run/junit.xml
    mkdir -p "kept/$name"
    cp run/results.json run/junit.xml "kept/$name"
}

# verdict VERDICT ID TEXT: that case has that verdict, and the line about it says TEXT.
verdict() {
    checks=$((checks + 1))
    grep -F "\"id\":\"$2\"" "$work/run/results.json" | grep -F "\"verdict\":\"$1\"" | grep -qF -- "$3" || {
        wrong "$name: no $1 with '$3' at $2"
        grep -F "\"id\":\"$2\"" "$work/run/results.json"
    }
}

# one NAME VERDICT ID TEXT [SCALE [SELECTOR...]]
one() {
    wanted_verdict=$2 wanted_id=$3 wanted_text=$4
    name=$1
    shift 4
    judge_hostile "$name" "$@"
    verdict "$wanted_verdict" "$wanted_id" "$wanted_text"
}

# others_pass: the cases that don't reach what misbehaves.
others_pass() {
    verdict PASS construct/p256 ''
    verdict PASS acquire/entry-points/library ''
}

# derives NAME VERDICT TEXT [SCALE]: in CardDeriveKey, in a case that asks for something else; the others pass.
derives() {
    one "$1" "$2" "$unknown" "$3" "${4:-10}"
    others_pass
}

# says NAME TEXT [SCALE [SELECTOR...]]: the driver does it and says so, and is judged like any other.
says() {
    says_name=$1 said=$2
    shift 2
    judge_hostile "$says_name" "$@"
    expect_text run/trace.jsonl "$said"
}

# Each report that was kept is what its schema says; the JUnit file has the same cases.
check_kept() {
    checks=$((checks + 1))
    python3 "$ROOT/reports/stored_results_test.py" "$ROOT/reports/results.schema.json" "$work/kept" >"$work/out" 2>&1
    case $? in
    0) ;;
    77) echo "python3-jsonschema is not installed: the reports were not held against their schema" ;;
    *)
        wrong "reports against their schema"
        head -n 5 "$work/out"
        ;;
    esac
}
