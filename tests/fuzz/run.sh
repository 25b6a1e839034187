#!/usr/bin/env bash
# Fuzzes one target: tests/fuzz/run.sh TARGET SECONDS [ARGUMENT...], the arguments libFuzzer's.
# What it finds goes to target/fuzz/corpus/TARGET, what crashes to target/fuzz/crashes; `-merge` in
# place of SECONDS makes the committed corpus anew of both: few that cover most, beside those
# written by hand, `seed-*`.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=$1 seconds=$2
shift 2

# Coverage as libFuzzer reads it: passes of LLVM that stable Rust can be told to run.
coverage=(
    -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares
    -Ccodegen-units=1
    -Cdebug-assertions=yes
    -Coverflow-checks=yes
)
# With a target named, the flags keep off build scripts, which have no fuzzer to link to.
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="${coverage[*]}" cargo build --locked --quiet --release -p optin-fuzz \
    --features fuzzing --bin "fuzz-$target" --target "$host" --target-dir target/fuzz

fuzz=target/fuzz/$host/release/fuzz-$target
committed=tests/fuzz/corpus/$target
found=target/fuzz/corpus/$target
crashes=target/fuzz/crashes/$target
mkdir -p "$committed" "$found" "$crashes"
options=(-artifact_prefix="$crashes/" -timeout=10 -rss_limit_mb=2048 -max_len=4096)
if [ -f "tests/fuzz/dictionaries/$target.txt" ]; then
    options+=(-dict="tests/fuzz/dictionaries/$target.txt")
fi

if [ "$seconds" = -merge ]; then
    merged=target/fuzz/merged/$target
    rm -rf "$merged"
    mkdir -p "$merged"
    # Edges alone: how often each was taken would keep thousands of inputs.
    "$fuzz" "${options[@]}" "$@" -use_counters=0 -set_cover_merge=1 "$merged" "$found" "$committed"
    # The longest say most; what the rest adds are errors of JSON.
    find "$committed" -type f ! -name 'seed-*' -delete
    (cd "$merged" && ls -S | head -n 400) | while read -r input; do
        # A number that fuzzing made up may be somebody's.
        if ! grep -aoE '\+[0-9]{7,}' "$merged/$input" | grep -qvE '^\+1(206|888)55501[0-9]{2}$'; then
            cp "$merged/$input" "$committed/"
        fi
    done
else
    "$fuzz" "${options[@]}" -max_total_time="$seconds" -print_final_stats=1 "$@" \
        "$found" "$committed"
fi
