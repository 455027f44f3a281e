#!/bin/sh
# Starts PostgreSQL as the public images do: the first time it initialises, runs a temporary server
# for /docker-entrypoint-initdb.d, stops it, and only then starts the one that stays. Worse than
# theirs, the temporary one answers on TCP as well: whoever waits for the port alone is fooled.
set -eu

[ "${1:-postgres}" = postgres ] || exec "$@"
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }

mkdir -p "$PGDATA" /var/run/postgresql
chown postgres:postgres "$PGDATA" /var/run/postgresql

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    : "${POSTGRES_PASSWORD:?is not set}"
    user=${POSTGRES_USER:-postgres}
    file=$(mktemp)
    printf '%s\n' "$POSTGRES_PASSWORD" > "$file"
    chown postgres "$file"
    as_postgres initdb --pgdata="$PGDATA" --username="$user" --pwfile="$file" --encoding=UTF8 \
        --locale=C.UTF-8 --auth-local=trust --auth-host=scram-sha-256 --no-sync --no-instructions
    rm "$file"
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    as_postgres pg_ctl --pgdata="$PGDATA" --wait --silent start --options="-c listen_addresses=*"
    database=${POSTGRES_DB:-$user}
    if [ "$database" != postgres ]; then
        psql --username="$user" --dbname=postgres --command="create database \"$database\""
    fi
    for script in /docker-entrypoint-initdb.d/*.sql; do
        [ -e "$script" ] || continue
        echo "running $script"
        psql --username="$user" --dbname="$database" --set=ON_ERROR_STOP=1 --quiet --file="$script"
    done
    sleep "${TEST_INIT_SECONDS:-1}"
    as_postgres pg_ctl --pgdata="$PGDATA" --mode=fast --wait --silent stop
    echo "init process complete"
fi
exec setpriv --reuid=postgres --regid=postgres --init-groups "$@" -c "listen_addresses=*"
