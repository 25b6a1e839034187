# What a run needs beside Rust: PostgreSQL's binaries, etcd, Patroni. Sourced by run.sh.
# etcd and Patroni go below target/, so that nothing is started or kept on the machine.

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# PostgreSQL refuses to run as root. Takes the place of the shell: only for what runs beside it.
unprivileged() {
    if [ "$(id -u)" -eq 0 ]; then
        exec setpriv --reuid nobody --regid nogroup --clear-groups env HOME="$scratch" "$@"
    else
        exec "$@"
    fi
}

find_postgres() {
    local found
    found=$(find /usr/lib/postgresql -path '*/bin/postgres' 2>/dev/null | sort -V | tail -n 1)
    if [ -z "$found" ]; then
        as_root apt-get update -q
        as_root apt-get install -q -y --no-install-recommends postgresql
        found=$(find /usr/lib/postgresql -path '*/bin/postgres' | sort -V | tail -n 1)
    fi
    bin=${found%/postgres}
}

# Unpacked and not installed: the package would start a server of its own.
find_etcd() {
    etcd=$(command -v etcd || true)
    [ -z "$etcd" ] || return 0
    etcd=$tools/etcd/usr/bin/etcd
    [ ! -x "$etcd" ] || return 0
    mkdir -p "$tools/etcd"
    (
        cd "$tools"
        apt-get download -q etcd-server || { as_root apt-get update -q && apt-get download -q etcd-server; }
        dpkg-deb -x etcd-server_*.deb etcd
    )
}

# By Debian's Python where it is: one in the home directory of root is nobody else's to run.
find_patroni() {
    local python=/usr/bin/python3
    "$python" -c 'import venv, ensurepip' 2>/dev/null || python=python3
    patroni=$tools/venv/bin/patroni
    if ! cmp -s "$here/requirements.txt" "$tools/venv/requirements.txt"; then
        rm -rf "$tools/venv"
        "$python" -m venv "$tools/venv"
        "$tools/venv/bin/pip" install -q -r "$here/requirements.txt"
        cp "$here/requirements.txt" "$tools/venv/requirements.txt"
    fi
}

# So many ports that nobody listens on, all different.
free_ports() {
    python3 - "$1" <<'PYTHON'
import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for one in sockets:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))
PYTHON
}
