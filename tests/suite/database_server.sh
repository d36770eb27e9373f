# A PostgreSQL server in the folder $1 on port $2 of loopback, and on a socket in that folder, for as
# long as standard input is open. It takes two orders, a line each: `kill`, which leaves it no time for
# anything, and `start`. What it says: `ready` after each start.
cd "$1" || exit 1
port=$2
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
plain() { "$@"; }
as=plain
if [ "$(id -u)" = 0 ]; then
  # The server refuses to run as root.
  chown -R postgres: . && chmod 755 .
  as="setpriv --reuid=postgres --regid=postgres --init-groups"
fi
$as "$bin/initdb" -D data -U honeyward --pwfile=password -A scram-sha-256 -E UTF8 --locale=C --no-sync \
  >initdb.log 2>&1 </dev/null || { cat initdb.log >&2; exit 1; }
cp tls.crt tls.key data/ && chmod 600 data/tls.key
[ "$(id -u)" != 0 ] || chown postgres: data/tls.*
start() {
  while :; do
    # What a killed server had in memory may be in use for a moment yet.
    $as "$bin/postgres" -D data -k "$PWD" -p "$port" -c listen_addresses=127.0.0.1 -c ssl=on \
      -c ssl_cert_file=tls.crt -c ssl_key_file=tls.key -c max_connections=200 >>server.log 2>&1 </dev/null &
    server=$!
    while kill -0 $server 2>/dev/null; do
      if "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; then echo ready; return; fi
      sleep 0.05
    done
    sleep 0.2
  done
}
start
while read -r order; do
  case $order in
    kill) kill -KILL $server; wait $server 2>/dev/null; echo killed ;;
    start) start ;;
  esac
done
kill -QUIT $server 2>/dev/null
wait $server 2>/dev/null
rm -rf "$PWD"
