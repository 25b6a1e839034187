#!/usr/bin/env bash
# Takes the leader away from three PostgreSQL under Patroni while four writers write, and checks
# that nothing acknowledged is lost: tests/failover/run.sh [FAILOVERS [SCENARIO...]]
#
# The scenarios take turns, by default the first three:
#   node        Patroni and its postmaster killed: the lease must run out (20 s)
#   postmaster  only the postmaster killed: Patroni sees it
#   pause       all processes of the node stopped, and let go on beside the new leader
#   patroni     only Patroni killed: its PostgreSQL goes on, and nobody is left to stop it
#   late        as node, the standbys having received nothing for two seconds
# SYNC=2 has both standbys acknowledge a commit, not one of them; SYNC=0 neither: then `late` loses
# what was acknowledged, and the run fails, which shows that it can. KEEP=1 keeps the logs.
# Needs Debian and the network, the first time; two to three minutes for each failover.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

failovers=${1:-3}
shift $(($# > 0))
scenarios=("$@")
[ ${#scenarios[@]} -gt 0 ] || scenarios=(node postmaster pause)
sync=${SYNC:-1}
calm=${CALM:-8}
# How long a node that still answers, or seems to, stays beside the new leader.
beside=${BESIDE:-25}

target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
tools=$target/failover
mkdir -p "$tools"
# Cargo makes it for its owner alone; who runs the servers must get through to the tools.
[ "$(id -u)" -ne 0 ] || chmod go+x "$target"
. "$here/tools.sh"
. "$here/cluster.sh"

scratch=$(mktemp -d -t optin-failover.XXXXXX)
chmod 755 "$scratch"
writers=
finish() {
    [ -z "$writers" ] || signal KILL "$writers"
    stop_cluster
    if [ -n "${KEEP:-}" ]; then printf 'kept: %s\n' "$scratch"; else rm -rf "$scratch"; fi
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

find_postgres
find_etcd
find_patroni
cargo build --quiet --locked -p optin-failover

date -u +%Y-%m-%d
uname -srm
"$bin/postgres" --version
"$etcd" --version | sed -n 1p
"$patroni" --version

start_cluster
await 90 is_whole
printf 'leader %s; a commit waits for %d of 2 standbys\n' "$leader" "$sync"

mkfifo "$scratch/told"
"$target/debug/optin-failover" "a=${port[a]}" "b=${port[b]}" "c=${port[c]}" <"$scratch/told" &
writers=$!
exec 8>"$scratch/told"
tell() {
    printf '%s\n' "$*" >&8
}

sleep "$calm"
for ((n = 0; n < failovers; n++)); do
    scenario=${scenarios[n % ${#scenarios[@]}]}
    find_leader
    old=$leader
    tell taken "$scenario" "$old"
    take_away "$old" "$scenario"
    await 90 has_other_leader "$old"
    printf '%s of %s: leader %s after %d ms\n' "$scenario" "$old" "$leader" "$waited"
    tell leader "$leader"
    case $scenario in
    node | late | postmaster) sleep "$calm" ;;
    pause | patroni) sleep "$beside" ;;
    esac
    tell back
    bring_back "$old" "$scenario"
    await 180 is_whole
    printf '%s in step after %d ms\n' "$old" "$waited"
    tell whole
    sleep "$calm"
done

exec 8>&-
ended=0
timeout=600
while [ -d "/proc/$writers" ] && [ "$timeout" -gt 0 ]; do
    sleep 1
    timeout=$((timeout - 1))
done
[ "$timeout" -gt 0 ] || { printf 'the writers do not end\n' && exit 1; }
wait "$writers" || ended=$?
writers=
exit "$ended"
