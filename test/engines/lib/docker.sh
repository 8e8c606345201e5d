# shellcheck shell=bash
# The two Docker engines.

# A /24 that no route has. Where the search begins hangs on the state folder: podman makes its
# bridge only with its first container, so another folder's choice may not show yet.
NEXT_SUBNET=$((16#$ID % 80 * 3))
free_subnet() {
  local n=$NEXT_SUBNET
  while ip -4 route show | grep -q "^172\.31\.$n\."; do n=$((n + 1)); done
  NEXT_SUBNET=$((n + 1))
  SUBNET=172.31.$n
}

make_bridge() {
  free_subnet
  ip link delete "${BRIDGE[$1]}" 2>/dev/null || true
  ip link add "${BRIDGE[$1]}" type bridge
  ip address add "$SUBNET.1/24" dev "${BRIDGE[$1]}"
  ip link set "${BRIDGE[$1]}" up
}

# A certificate authority, and one certificate for each end, in the layout of DOCKER_CERT_PATH.
make_certificates() (
  umask 077
  mkdir -p "$1"
  cd "$1" || exit
  new=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
  openssl req -x509 "${new[@]}" -days 3650 -subj /CN=dockerception-ca -keyout ca-key.pem -out ca.pem
  for end in server client; do
    openssl req "${new[@]}" -subj "/CN=dockerception-$end" -keyout "$end-key.pem" -out "$end.csr"
    openssl x509 -req -in "$end.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 3650 -out "$end-cert.pem" \
      -extfile <(echo "extendedKeyUsage=${end}Auth" && echo "subjectAltName=IP:127.0.0.1,DNS:localhost")
  done
  cp client-cert.pem cert.pem
  cp client-key.pem key.pem
) >"$LOGS/certificates.log" 2>&1

# daemon_json PIECE EXTRA: a file of its own, so that /etc/docker/daemon.json is not read.
# cgroupfs: there may be no systemd, and with one it works as well.
daemon_json() {
  local dir=$STATE/$1
  mkdir -p "$dir"
  cat >"$dir/daemon.json" <<JSON
{
  "data-root": "$dir/data",
  "exec-root": "$dir/exec",
  "pidfile": "$dir/dockerd.pid",
  "bridge": "${BRIDGE[$1]}",
  "exec-opts": ["native.cgroupdriver=cgroupfs"],
  "cgroup-parent": "/$CGROUP/$1",
  "insecure-registries": ["$(cat "$RUN/registry.address")", "$(cat "$RUN/registryAuth.address")"],
  $2
}
JSON
}

# dockerd has one TLS setting for all its TCP listeners: this engine has the one with TLS, the other the plain one.
start_docker20() {
  local dir=$STATE/docker20 tls=$STATE/docker20/tls
  make_bridge docker20
  make_certificates "$tls"
  free_port
  echo "tcp://127.0.0.1:$PORT" >"$RUN/docker20.tls"
  daemon_json docker20 "\"hosts\": [\"unix://$dir/engine.sock\", \"$(cat "$RUN/docker20.tls")\"],
  \"deprecated-key-path\": \"$dir/key.json\",
  \"tlsverify\": true,
  \"tlscacert\": \"$tls/ca.pem\",
  \"tlscert\": \"$tls/server-cert.pem\",
  \"tlskey\": \"$tls/server-key.pem\""
  PATH=/usr/sbin:/usr/bin:/sbin:/bin launch docker20 dockerd --config-file "$dir/daemon.json"
}

start_docker28() {
  local dir=$STATE/docker28 usr=$UNSTABLE/usr
  make_bridge docker28
  free_port
  echo "tcp://127.0.0.1:$PORT" >"$RUN/docker28.tcp"
  # "tls": false said aloud spares the pause that dockerd makes before it listens without TLS.
  daemon_json docker28 "\"hosts\": [\"unix://$dir/engine.sock\", \"$(cat "$RUN/docker28.tcp")\"],
  \"tls\": false,
  \"features\": {\"containerd-snapshotter\": true},
  \"userland-proxy-path\": \"$usr/sbin/docker-proxy\""
  mkdir -p "$dir/config/cli-plugins"
  ln -sf "$usr/libexec/docker/cli-plugins/docker-buildx" "$dir/config/cli-plugins/docker-buildx"
  echo '{}' >"$dir/config/config.json"
  # runc is Debian 12's, all else comes from the unpacked packages.
  PATH=$usr/sbin:$usr/bin:/usr/sbin:/usr/bin:/sbin:/bin launch docker28 dockerd --config-file "$dir/daemon.json"
}
