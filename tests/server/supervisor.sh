#!/bin/sh
# Runs one PostgreSQL cluster for a test, as told line by line. Where the test ends, in whatever
# way, its end of the pipe closes: then the server is stopped and its files are removed.
#
# The server is this shell's own child, so that its process id can be nobody else's.
trap '' INT HUP TERM
bin=$1
umask 077
directory=$(mktemp -d "${TMPDIR:-/tmp}/optin-postgres-XXXXXX") || exit 1
cd "$directory" || exit 1
server=

# $1: a signal.
end() {
    [ -n "$server" ] || return
    kill -s "$1" "$server"
    wait "$server"
    server=
}

if "$bin/initdb" -D data -U optin --auth=trust --encoding=UTF8 --locale=C --no-sync \
    --no-instructions >log 2>&1; then
    echo "$directory"
    while read -r word argument; do
        case $word in
        start)
            "$bin/postgres" -D data -k "$directory" </dev/null >>log 2>&1 &
            server=$!
            echo "$server"
            ;;
        end)
            end "$argument"
            echo ended
            ;;
        signal)
            kill -s "$argument" "$server"
            echo sent
            ;;
        esac
    done
else
    cat log >&2
fi
end QUIT
cd /
rm -rf "$directory"
