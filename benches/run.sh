#!/bin/sh
# Runs every bench and prints its figures: some three quarters of an hour; needs PostgreSQL.
set -eu
cd "$(dirname "$0")/.."
cargo build --quiet --release --example replay
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
for bench in strict reading decide fold sizes sqlite processor growth import ledger; do
    printf '\n-- %s\n' "$bench"
    cargo run --quiet --release -p optin-benches --bin "$bench"
done
for bench in machines event_sourcing driver; do
    printf '\n-- %s\n' "$bench"
    cargo run --quiet --release -p optin-benches-peers --bin "$bench"
done
for bench in texts commits sizes growth; do
    printf '\n-- postgres %s\n' "$bench"
    cargo run --quiet --release -p optin-benches-postgres -- "$bench"
done
printf '\n-- replay\n'
cargo run --quiet --release -p optin-benches --bin replay -- "$target/release/examples/replay"
