#!/bin/bash
# docker_engine.sh FOLDER PORT: runs a Docker engine with all that is its own below FOLDER, on
# FOLDER/docker.sock and, with TLS and certificates of clients (FOLDER/{ca,client,client-key}.pem),
# on 127.0.0.1:PORT. The caller gives it namespaces of network and mounts of its own, so that
# bridge, packet filter and mounts end with it.
#
# Exit code 3, with the reason as the last line: no engine can run here.
set -euo pipefail
folder=$1 port=$2

cannot() {
    echo "$1"
    exit 3
}

PATH=$PATH:/usr/sbin:/sbin
((EUID == 0)) || cannot "a Docker engine needs root"
for program in dockerd iptables openssl; do
    # Not installed from here: this network leads nowhere.
    command -v "$program" >/dev/null || cannot "there is no $program: run deploy/setup --docker"
done
ip link set lo up || cannot "no network namespace can be set up"

mkdir -p "$folder"
cat >"$folder/extensions" <<'END'
subjectAltName=IP:127.0.0.1
extendedKeyUsage=serverAuth,clientAuth
END
new_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
openssl req -x509 -days 2 "${new_key[@]}" -subj /CN=authority -keyout "$folder/ca-key.pem" \
    -out "$folder/ca.pem" 2>/dev/null
for name in server client; do
    openssl req "${new_key[@]}" -subj "/CN=$name" -keyout "$folder/$name-key.pem" \
        -out "$folder/$name.csr" 2>/dev/null
    openssl x509 -req -days 2 -in "$folder/$name.csr" -CA "$folder/ca.pem" \
        -CAkey "$folder/ca-key.pem" -CAcreateserial -extfile "$folder/extensions" \
        -out "$folder/$name.pem" 2>/dev/null
done

# Nothing of this machine's own configuration.
echo '{}' >"$folder/daemon.json"

exec dockerd --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/dockerd.pid" \
    --host "unix://$folder/docker.sock" --host "tcp://127.0.0.1:$port" --tlsverify \
    --tlscacert "$folder/ca.pem" --tlscert "$folder/server.pem" --tlskey "$folder/server-key.pem" \
    --config-file "$folder/daemon.json" --cgroup-parent "/weft-$(basename "$folder")" \
    --bip 172.31.250.1/24
