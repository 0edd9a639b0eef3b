# SPDX-License-Identifier: Apache-2.0
# Sourced by the *_test.sh scripts: MDCTS, DRIVERS and ROOT name what is tested; each script has a folder of its
# own, $work, which is gone afterwards, and ends with `finish`.
set -u

build=$1
MDCTS=$build/bin/mdcts
DRIVERS=$build/drivers
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
export MDCTS_CASES="$ROOT/cases"
unset MDCTS_PIN PCSCLITE_CSOCK_NAME NO_COLOR || :
# A socket's path is short; pcscd's other user must reach it.
work=$(mktemp -d /tmp/mt-XXXXXX)
chmod 755 "$work"
TMPDIR=$work
export TMPDIR
export XDG_STATE_HOME="$work/state"
trap 'rm -rf "$work"' EXIT
failures=0
checks=0

wrong() {
    failures=$((failures + 1))
    printf 'not as expected: %s\n' "$*"
}

# expect_code CODE COMMAND...: runs it, output in $work/out and $work/err.
expect_code() {
    wanted=$1
    shift
    checks=$((checks + 1))
    code=0
    "$@" >"$work/out" 2>"$work/err" || code=$?
    [ "$code" -eq "$wanted" ] || {
        wrong "exit code $code instead of $wanted: $*"
        tail -n 5 "$work/out" "$work/err"
    }
}

# expect_text FILE TEXT: the file has that text.
expect_text() {
    checks=$((checks + 1))
    grep -qF -- "$2" "$1" || {
        wrong "no '$2' in $1:"
        head -n 5 "$1"
    }
}

# expect_no_text FILE TEXT
expect_no_text() {
    checks=$((checks + 1))
    ! grep -qF -- "$2" "$1" || wrong "'$2' in $1"
}

expect_same() {
    checks=$((checks + 1))
    cmp "$1" "$2" || wrong "$1 and $2 differ"
}

# requirement_ids: every id of the catalogue.
requirement_ids() {
    sed -n 's/^\(R[0-9]*\):$/\1/p' "$ROOT/cases/requirements.yaml"
}

# wait_until COMMAND...: until it succeeds, or a deadline that only a fault reaches.
wait_until() {
    rounds=0
    until "$@"; do
        rounds=$((rounds + 1))
        [ "$rounds" -lt 3000 ] || {
            wrong "waited in vain for: $*"
            return 1
        }
        sleep 0.02
    done
}

# Nothing of ours may be left: no folder of a run, and no process that works in one.
expect_nothing_left() {
    checks=$((checks + 1))
    for folder in "$work"/mdcts-run-*; do
        [ ! -e "$folder" ] || wrong "the folder $folder is left"
    done
    for link in /proc/[0-9]*/cmdline; do
        # A process may be gone before its line is read.
        words=$({ tr '\0' ' ' <"$link"; } 2>/dev/null) || continue
        case $words in
        *"$work/mdcts-run-"*) wrong "a process is left: $words" ;;
        esac
    done
}

finish() {
    printf '%d checks, %d not as expected\n' "$checks" "$failures"
    [ "$failures" -eq 0 ] && [ "$checks" -gt 0 ]
    exit $?
}
