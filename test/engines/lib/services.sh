# shellcheck shell=bash
# Two registries and an SSH server.

# start_registry PIECE AUTH: AUTH is the part of the configuration that asks for a password, or nothing
start_registry() {
  local dir=$STATE/$1
  mkdir -p "$dir/data"
  free_port
  echo "127.0.0.1:$PORT" >"$RUN/$1.address"
  cat >"$dir/config.yml" <<YAML
version: 0.1
log: { level: info }
storage:
  filesystem: { rootdirectory: $dir/data }
  delete: { enabled: true }
http:
  addr: 127.0.0.1:$PORT
  secret: $(openssl rand -hex 16)
$2
YAML
  launch "$1" docker-registry serve "$dir/config.yml"
}

start_registries() {
  mkdir -p "$STATE/registryAuth"
  htpasswd -Bbn alice wonderland >"$STATE/registryAuth/htpasswd" 2>/dev/null
  start_registry registry ""
  start_registry registryAuth "auth: { htpasswd: { realm: dockerception, path: $STATE/registryAuth/htpasswd } }"
}

# Only root, only with the one key, and every session finds docker20 as its engine.
start_ssh() {
  local dir=$STATE/ssh pam=no
  mkdir -p "$dir/bin"
  chmod 700 "$dir"
  ssh-keygen -q -t ed25519 -N '' -C dockerception-host -f "$dir/host_key"
  ssh-keygen -q -t ed25519 -N '' -C dockerception-client -f "$dir/id_ed25519"
  cp "$dir/id_ed25519.pub" "$dir/authorized_keys"
  free_port
  # sshd refuses an account whose password is locked, except when PAM is to judge that.
  if grep -q '^root:!' /etc/shadow; then pam=yes; fi
  cat >"$dir/sshd_config" <<CONF
ListenAddress 127.0.0.1
Port $PORT
HostKey $dir/host_key
PidFile none
AuthorizedKeysFile $dir/authorized_keys
# The folders above this one may be open to all, as /var/tmp is.
StrictModes no
AllowUsers root
PermitRootLogin prohibit-password
AuthenticationMethods publickey
UsePAM $pam
MaxStartups 100
# SHLVL keeps bash from reading root's .bashrc, which may take its time and put another docker on PATH.
SetEnv SHLVL=1 DOCKER_HOST=unix://$STATE/docker20/engine.sock PATH=/usr/sbin:/usr/bin:/sbin:/bin
CONF
  cat >"$dir/config" <<CONF
Host dockerception-ssh
  HostName 127.0.0.1
  Port $PORT
  User root
  HostKeyAlias dockerception-ssh
  IdentityFile $dir/id_ed25519
  IdentitiesOnly yes
  UserKnownHostsFile $dir/known_hosts
  StrictHostKeyChecking yes
  BatchMode yes
  LogLevel ERROR
CONF
  echo "dockerception-ssh $(cut -d' ' -f1,2 "$dir/host_key.pub")" >"$dir/known_hosts"
  printf '#!/bin/sh\nexec /usr/bin/ssh -F %s/config "$@"\n' "$dir" >"$dir/bin/ssh"
  chmod 755 "$dir/bin/ssh"
  mkdir -p /run/sshd
  launch ssh /usr/sbin/sshd -D -e -f "$dir/sshd_config"
}
