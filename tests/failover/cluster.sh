# One etcd and three PostgreSQL under Patroni, on loopback. Sourced by run.sh.
# All are ended by the process ids that are kept here, or that a data directory of ours names.

nodes=(a b c)
declare -A port rest patroni_id
etcd_id=

start_cluster() {
    local client peer node ports mode=quorum
    [ "$sync" -gt 0 ] || mode="'off'"
    read -r -a ports <<<"$(free_ports 8)"
    client=${ports[0]} peer=${ports[1]}
    mkdir -p "$scratch/etcd"
    for node in 0 1 2; do
        port[${nodes[node]}]=${ports[2 + node]}
        rest[${nodes[node]}]=${ports[5 + node]}
        mkdir -p "$scratch/${nodes[node]}"
    done
    [ "$(id -u)" -ne 0 ] || chown -R nobody:nogroup "$scratch"
    unprivileged "$etcd" --data-dir "$scratch/etcd" --name one \
        --listen-client-urls "http://127.0.0.1:$client" \
        --advertise-client-urls "http://127.0.0.1:$client" \
        --listen-peer-urls "http://127.0.0.1:$peer" \
        --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
        --initial-cluster "one=http://127.0.0.1:$peer" \
        >"$scratch/etcd.log" 2>&1 &
    etcd_id=$!
    disown
    for node in "${nodes[@]}"; do
        sed -e "s|@NAME@|$node|g" -e "s|@PORT@|${port[$node]}|g" -e "s|@REST@|${rest[$node]}|g" \
            -e "s|@ETCD@|$client|g" -e "s|@BIN@|$bin|g" -e "s|@SCRATCH@|$scratch|g" \
            -e "s|@SYNC@|$((sync > 0 ? sync : 1))|g" -e "s|@MODE@|$mode|g" \
            "$here/patroni.yml" >"$scratch/$node.yml"
        start_patroni "$node"
    done
}

start_patroni() {
    unprivileged "$patroni" "$scratch/$1.yml" >>"$scratch/$1.log" 2>&1 8>&- &
    patroni_id[$1]=$!
    # Its end is none of the shell's business.
    disown
}

# Whether a node's Patroni answers 200 to this: `leader`, `quorum`.
is() {
    local node=$1 path=$2 status=
    {
        exec 9<>"/dev/tcp/127.0.0.1/${rest[$node]}" || return 1
        printf 'GET /%s HTTP/1.0\r\n\r\n' "$path" >&9
        read -r -t 2 status <&9 || true
        exec 9>&-
    } 2>/dev/null
    [[ $status == *' 200 '* ]]
}

# Sets `leader`; one node need not be asked: where it is stopped, connecting takes minutes.
find_leader() {
    for leader in "${nodes[@]}"; do
        [ "$leader" != "${1:-}" ] || continue
        ! is "$leader" leader || return 0
    done
    leader=
    return 1
}

# Whether there is a leader, and the two others hold what it commits.
is_whole() {
    local node path=quorum
    [ "$sync" -gt 0 ] || path=replica
    find_leader || return 1
    for node in "${nodes[@]}"; do
        [ "$node" = "$leader" ] || is "$node" "$path" || return 1
    done
}

has_other_leader() {
    find_leader "$1"
}

# Until a command succeeds, at most so many seconds; sets `waited`, in milliseconds.
await() {
    local seconds=$1 began
    shift
    began=$(milliseconds)
    until "$@"; do
        waited=$(($(milliseconds) - began))
        if [ "$waited" -gt $((seconds * 1000)) ]; then
            printf 'gave up after %d s: %s\n' "$seconds" "$*"
            return 1
        fi
        sleep 0.1
    done
    waited=$(($(milliseconds) - began))
}

milliseconds() {
    date +%s%3N
}

# The postmaster of a node, if it runs: its data directory names it, and it works there.
postmaster() {
    local data=$scratch/$1/data id
    id=$(head -n 1 "$data/postmaster.pid" 2>/dev/null) || return 1
    [ "$(readlink "/proc/$id/cwd")" = "$data" ] || return 1
    printf '%s\n' "$id"
}

# A process and all below it.
tree() {
    local id
    printf '%s\n' "$1"
    for id in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
        tree "$id"
    done
}

# All processes of a node.
processes() {
    local id
    [ -z "${patroni_id[$1]:-}" ] || tree "${patroni_id[$1]}"
    id=$(postmaster "$1") && tree "$id"
}

# What brings a standby the leader's log; it is named as PostgreSQL names it.
receiver() {
    local id
    for id in $(tree "$(postmaster "$1")"); do
        ! grep -q walreceiver "/proc/$id/cmdline" || printf '%s\n' "$id"
    done
}

# Sends a signal to processes of which some may be gone.
signal() {
    local name=$1 id
    shift
    for id in "$@"; do
        kill "-$name" "$id" 2>/dev/null || true
    done
}

# Takes a node away. What this leaves of it is for `bring_back`.
take_away() {
    local node=$1 scenario=$2
    case $scenario in
    node) signal KILL "${patroni_id[$node]}" "$(postmaster "$node")" ;;
    postmaster) signal KILL "$(postmaster "$node")" ;;
    patroni) signal KILL "${patroni_id[$node]}" ;;
    late)
        local other ids=()
        for other in "${nodes[@]}"; do
            [ "$other" = "$node" ] || mapfile -t -O "${#ids[@]}" ids < <(receiver "$other")
        done
        signal STOP "${ids[@]}"
        sleep 2
        signal KILL "${patroni_id[$node]}" "$(postmaster "$node")"
        # They end before they read what the network still holds.
        signal TERM "${ids[@]}"
        signal CONT "${ids[@]}"
        ;;
    pause)
        local ids
        mapfile -t ids < <(processes "$node")
        signal STOP "${ids[@]}"
        ;;
    *) printf 'no such scenario: %s\n' "$scenario" && return 1 ;;
    esac
}

bring_back() {
    local node=$1 scenario=$2
    case $scenario in
    node | late | patroni)
        start_patroni "$node"
        ;;
    postmaster) ;;
    pause)
        local ids
        mapfile -t ids < <(processes "$node")
        signal CONT "${ids[@]}"
        ;;
    esac
}

stop_cluster() {
    local node id ids=()
    for node in "${nodes[@]}"; do
        mapfile -t -O "${#ids[@]}" ids < <(processes "$node")
    done
    signal CONT "${ids[@]}"
    for node in "${nodes[@]}"; do
        [ -z "${patroni_id[$node]:-}" ] || signal KILL "${patroni_id[$node]}"
        id=$(postmaster "$node") && signal QUIT "$id"
    done
    # A postmaster that was asked to stop at once ends its children first.
    for _ in $(seq 50); do
        for node in "${nodes[@]}"; do
            ! postmaster "$node" >/dev/null || { sleep 0.1 && continue 2; }
        done
        break
    done
    for node in "${nodes[@]}"; do
        id=$(postmaster "$node") && signal KILL "$id"
    done
    [ -z "$etcd_id" ] || signal KILL "$etcd_id"
}
