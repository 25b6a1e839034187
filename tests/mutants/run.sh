#!/usr/bin/env bash
# Breaks the rules one expression at a time and asks whether a test sees it: tests/mutants/run.sh
# [ARGUMENT...], the arguments being those of `cargo mutants`: --shard 0/4, -F consent/words.
# What is missed must stand in survivors.md with its reason. Needs `cargo install cargo-mutants`.
set -euo pipefail
cd "$(dirname "$0")/../.."

# A mutant may loop, and take memory all the while.
ulimit -v 8000000
export CARGO_PROFILE_DEV_DEBUG=0 PROPTEST_CASES=${PROPTEST_CASES:-64}
output=${OUTPUT:-target/mutants}

mutants() {
    local only=("${tests[@]/#/--cargo-arg=--test=}")
    cargo mutants --config tests/mutants/mutants.toml --output "$output" --jobs 1 --timeout 30 \
        --no-shuffle "${only[@]}" "$@"
}

# Few tests see most of them, and few are soon linked; what they miss is for all.
mkdir -p "$output"
tests=(conversations policy prompts reading unchanged)
mutants "$@" || true
tests+=(administration counters dispatcher dropped_futures failing_calls late_answers marks messages
    names opt_out_barrier preview
    privacy properties resync set_aside spans stored_forms)
mutants --iterate "$@"
