#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# House style that a machine can see: sizes of lines, functions and files, the format, licence lines, requirement ids.
set -u
cd "$(dirname "$0")/../.." || exit 2
failures=0

wrong() {
    failures=$((failures + 1))
    printf 'not as expected: %s\n' "$*"
}

sources=$(find include harness fixtures reports -name '*.[ch]' | sort)
[ "$(echo "$sources" | wc -l)" -gt 200 ] || wrong "the sources were not found"

# A function's body is what lies between braces in the first column.
awk '
    FNR == 1 { if (last != "") lines[last] = count; last = FILENAME; inside = table = 0 }
    { count = FNR }
    /clang-format off/ { table = 1 }
    /clang-format on/ { table = 0 }
    length($0) > 100 && !table { printf "%s:%d: %d columns\n", FILENAME, FNR, length($0) }
    /TODO/ && !/TODO\(#[0-9]+\)/ { printf "%s:%d: a TODO without an issue\n", FILENAME, FNR }
    /^{/ { inside = FNR }
    /^}/ && inside { size = FNR - inside - 1; inside = 0
        if (size > 60) printf "%s:%d: a function of %d lines\n", FILENAME, FNR, size
        all++; if (size <= 15) small++ }
    END { lines[last] = count
        for (file in lines) if (lines[file] > 600) printf "%s: %d lines\n", file, lines[file]
        if (small * 2 < all) printf "most functions are longer than 15 lines: %d of %d\n", all - small, all }
' $sources >"${TMPDIR:-/tmp}/style.$$"
while read -r sentence; do
    wrong "$sentence"
done <"${TMPDIR:-/tmp}/style.$$"
rm -f "${TMPDIR:-/tmp}/style.$$"

for file in $sources $(find harness fixtures cases reports -name '*.sh' -o -name '*.def'); do
    head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || wrong "$file has no licence line"
done

if command -v clang-format >/dev/null 2>&1 && clang-format --version | grep -q 'version 14'; then
    clang-format --dry-run -Werror $sources 2>&1 | grep 'error:' | while read -r line; do
        printf 'not as expected: %s\n' "$line"
    done
    clang-format --dry-run -Werror $sources >/dev/null 2>&1 || wrong "clang-format would change something"
fi

# C code names requirements by id; each id is in the catalogue.
for id in $(grep -hoE '"R[0-9]{3}"' $sources | tr -d '"' | sort -u); do
    case $id in
    R999) continue ;; # the tests' own that doesn't exist
    esac
    grep -q "^$id:" cases/requirements.yaml || wrong "$id is named in C and is not in the catalogue"
done

[ "$failures" -eq 0 ] && echo "house style: nothing to say"
[ "$failures" -eq 0 ]
