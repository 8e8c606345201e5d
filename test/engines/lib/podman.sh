# shellcheck shell=bash
# Podman's Docker-compatible API, as root and as a user of its own.

make_user() {
  local home=$STATE/podmanRootless/home kind first
  if ! id "$PODMAN_USER" >/dev/null 2>&1; then
    touch "$RUN/user"
    useradd --create-home --home-dir "$home" --shell /bin/bash "$PODMAN_USER"
  fi
  # useradd gives ranges of ids only where the files exist already.
  for kind in uid gid; do
    if ! grep -qs "^$PODMAN_USER:" "/etc/sub$kind"; then
      first=$(sort -t: -k2n "/etc/sub$kind" 2>/dev/null | awk -F: 'BEGIN { n = 100000 } $2 + $3 > n { n = $2 + $3 } END { print n }')
      usermod "--add-sub${kind}s" "$first-$((first + 65535))" "$PODMAN_USER"
    fi
  done
}

# podman_files PIECE UID DRIVER: its configuration, and a podman command that uses it
podman_files() {
  local dir=$STATE/$1 xdg=$STATE/xdg files processes
  mkdir -p "$dir"/{home,tmp,cni}
  # The rootless runroot is $xdg/containers, of at most 50 characters.
  [[ $2 != 0 ]] || xdg=$STATE/xdg-root
  install -d -m 700 "$xdg"
  cat >"$dir/storage.conf" <<TOML
[storage]
driver = "$3"
graphroot = "$dir/storage"
runroot = "$dir/runroot"
TOML
  # Podman asks for more open files and processes than this machine may be allowed to give. It also
  # lowers its own limit of processes to the number of pids.
  files=$(ulimit -Hn)
  [[ $files != unlimited ]] || files=1048576
  processes=$(cat /proc/sys/kernel/pid_max)
  if [[ $(ulimit -Hu) != unlimited ]] && (($(ulimit -Hu) < processes)); then processes=$(ulimit -Hu); fi
  # cgroupfs and files: there may be neither systemd nor a journal. Locks in files: those in
  # /dev/shm would be shared with the machine's own podman. runc: crun, which podman prefers when it is
  # installed, refuses control groups in hybrid mode.
  cat >"$dir/containers.conf" <<TOML
[containers]
log_driver = "k8s-file"
default_ulimits = ["nofile=$files:$files", "nproc=$processes:$processes"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
tmp_dir = "$dir/libpod"
[network]
network_backend = "cni"
network_config_dir = "$dir/cni"
TOML
  cat >"$dir/registries.conf" <<TOML
unqualified-search-registries = ["docker.io"]
[[registry]]
location = "$(cat "$RUN/registry.address")"
insecure = true
[[registry]]
location = "$(cat "$RUN/registryAuth.address")"
insecure = true
TOML
  cat >"$dir/podman" <<SH
#!/bin/bash
# podman against the storage of test/engines, written by test/engines/start
if [[ \$(id -u) != $2 ]]; then
  exec setpriv --reuid=$2 --regid=$2 --init-groups "\$0" "\$@"
fi
[[ -x . && -r . ]] || cd /
unset DOCKER_HOST DOCKER_CONFIG CONTAINER_HOST DBUS_SESSION_BUS_ADDRESS
export HOME=$dir/home XDG_RUNTIME_DIR=$xdg TMPDIR=$dir/tmp
export CONTAINERS_CONF=$dir/containers.conf CONTAINERS_STORAGE_CONF=$dir/storage.conf
export CONTAINERS_REGISTRIES_CONF=$dir/registries.conf PATH=/usr/sbin:/usr/bin:/sbin:/bin
exec podman "\$@"
SH
  chmod 755 "$dir/podman"
}

start_podman() {
  local dir=$STATE/podman
  podman_files podman 0 overlay
  free_subnet
  # The default network under a bridge and with leases of its own.
  cat >"$dir/cni/87-podman.conflist" <<JSON
{
  "cniVersion": "0.4.0",
  "name": "podman",
  "plugins": [
    {
      "type": "bridge", "bridge": "${BRIDGE[podman]}", "isGateway": true, "ipMasq": true, "hairpinMode": true,
      "ipam": {
        "type": "host-local", "dataDir": "$dir/leases",
        "routes": [{ "dst": "0.0.0.0/0" }], "ranges": [[{ "subnet": "$SUBNET.0/24", "gateway": "$SUBNET.1" }]]
      }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } },
    { "type": "firewall" },
    { "type": "tuning" }
  ]
}
JSON
  launch podman "$dir/podman" system service --time=0 "unix://$dir/engine.sock"
}

# Debian's udev opens these to all; without udev a user could neither have a network nor FUSE.
open_devices() {
  local device
  for device in /dev/net/tun /dev/fuse; do
    [[ -c $device ]] || continue
    stat -c '%a %n' "$device" >>"$RUN/devices.before"
    chmod a+rw "$device"
  done
}

start_podmanRootless() {
  local dir=$STATE/podmanRootless
  mkdir -p "$dir"
  open_devices
  make_user
  podman_files podmanRootless "$(id -u "$PODMAN_USER")" vfs
  chown -R "$PODMAN_USER:" "$dir" "$STATE/xdg"
  launch podmanRootless "$dir/podman" system service --time=0 "unix://$dir/engine.sock"
}
