# SPDX-License-Identifier: Apache-2.0
# Findings about memory name the driver's code: functions and lines where its file has them, addresses where not, and
# a file that lies about itself costs names only.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 2

# run_named FILE: the mutant that frees its lists twice, under that name.
run_named() {
    rm -rf run
    expect_code 1 "$MDCTS" run --driver "$work/$1" --jobs 1 --out run 'derive/hash/named*'
    expect_text run/results.json 'given back again at '
}

cp "$DRIVERS/mutant-lists-freed-twice.so" named.so
run_named named.so
expect_text run/results.json 'given back again at CardDeriveKey'
# Debug information tells the line, too.
readelf -S named.so | grep -q debug_line && expect_text run/results.json 'at CardDeriveKey (derive.c:'
expect_text run/results.json ', allocated in step '
expect_text run/results.json ' from CardDeriveKey'
expect_text run/trace.jsonl '{"places":[{"at":"named.so+0x'

# The trace alone tells the same.
cp run/results.json run/junit.xml .
expect_code 1 "$MDCTS" judge run
expect_same results.json run/results.json
expect_same junit.xml run/junit.xml
# And without its last line, the places are numbers.
sed -i '/^{"places":/d' run/trace.jsonl
expect_code 1 "$MDCTS" judge run
expect_text run/results.json 'given back again at named.so+0x'

# A driver without symbols: what it exports is known, its own functions are not.
strip --strip-all -o bare.so named.so
run_named bare.so
expect_no_text run/results.json heap_take
expect_text run/results.json ' at '

# corrupt FILE OFFSET COUNT: garbage there; the loader reads neither section headers nor symbol tables of theirs.
corrupt() {
    dd if=/dev/urandom of="$1" bs=1 seek="$2" count="$3" conv=notrunc 2>/dev/null
}
sections=$(readelf -h named.so | awk '/Start of section headers/ { print $5 }')
size=$(stat -c %s named.so)
for round in 1 2 3; do
    cp named.so headers.so
    corrupt headers.so $((sections + 64)) $((size - sections - 64))
    run_named headers.so
done
# What a symbol is called is the file's to say: no line breaks, no commands for the terminal.
escaped=$(printf 'heap\033[2Jx')
sed "s/heap_take/$escaped/" named.so >escapes.so
run_named escapes.so
expect_text run/results.json 'heap?[2Jx'
! LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]')" out err run/results.json run/trace.jsonl ||
    wrong 'a control character got through'

# Where a crash happened, and who made and freed what was touched.
cp "$DRIVERS/mutant-agreement-read-after-free.so" stale.so
expect_code 1 "$MDCTS" run --driver "$work/stale.so" --jobs 1 --out run construct/crowd/each-destroyed
expect_text run/results.json ', freed in step '
expect_text run/results.json ' (allocated at '
expect_text run/results.json ' from CardDestroyDHAgreement'

finish
