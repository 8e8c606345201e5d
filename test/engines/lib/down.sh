# shellcheck shell=bash disable=SC2153 # BRIDGE and RUN are of common.sh
# Takes down all that start has set up, and nothing else.

# A process is remembered with its start time, so that a later one with the same number is left alone.
descendants() {
  local child children start
  children=$(cat /proc/"$1"/task/*/children 2>/dev/null) || true
  for child in $children; do
    if start=$(started_at "$child"); then echo "$child $start"; fi
    descendants "$child"
  done
}

# What a daemon leaves behind when it dies first: programs of a container engine that name our
# folder in their arguments, and whatever runs as podman's user or as one of its subordinate ids.
strays() {
  local dir pid name owner uid first count
  first=0 count=0
  if [[ -e $RUN/user ]]; then
    uid=$(id -u "$PODMAN_USER" 2>/dev/null) || uid=
    IFS=: read -r _ first count < <(grep -s "^$PODMAN_USER:" /etc/subuid) || true
  fi
  for dir in /proc/[0-9]*; do
    pid=${dir#/proc/}
    name=$(cat "$dir/comm" 2>/dev/null) || continue
    case $name in
      dockerd | containerd* | docker-proxy | docker-registry | conmon | podman | catatonit | slirp4netns | fuse-overlayfs | sshd | runc | crun)
        if tr '\0' '\n' <"$dir/cmdline" 2>/dev/null | grep -q "$STATE/"; then
          echo "$pid $(started_at "$pid")"
          # The container itself: its arguments tell nothing.
          descendants "$pid"
          continue
        fi
        ;;
    esac
    if [[ ${uid:-} ]]; then
      owner=$(stat -c %u "$dir" 2>/dev/null) || continue
      if [[ $owner == "$uid" ]] || ((owner >= first && owner < first + count)); then
        echo "$pid $(started_at "$pid")"
      fi
    fi
  done
}

# end_all SECONDS: TERM, then KILL, to the "pid start" lines on standard input
end_all() {
  local pid start line list=() left end=$((SECONDS + $1)) signal=TERM
  mapfile -t list
  while ((${#list[@]})); do
    left=()
    for line in "${list[@]}"; do
      read -r pid start <<<"$line"
      if [[ $start && $(started_at "$pid") == "$start" ]]; then
        [[ $signal == none ]] || kill -"$signal" "$pid" 2>/dev/null || true
        left+=("$line")
      fi
    done
    list=("${left[@]}")
    signal=none
    if ((SECONDS >= end)); then signal=KILL end=$((SECONDS + 5)); fi
    ((${#list[@]} == 0)) || sleep 0.1
  done
}

# Containers and networks go while their engine can still do it: it cleans up after itself best.
empty_docker() {
  local socket=$STATE/$1/engine.sock cli=$2 list
  ping_socket "$socket" || return 0
  cli=(timeout 30 "$cli" --config "$STATE/base" -H "unix://$socket")
  list=$("${cli[@]}" ps -aq)
  # shellcheck disable=SC2086 # a list of ids
  [[ -z $list ]] || "${cli[@]}" rm -f -v $list
  list=$("${cli[@]}" network ls -q --filter type=custom)
  # shellcheck disable=SC2086
  [[ -z $list ]] || "${cli[@]}" network rm $list
}

empty_podman() {
  [[ -x $STATE/$1/podman ]] || return 0
  timeout 30 "$STATE/$1/podman" rm -f -a -t 0
}

# Folders that the engines and sshd make at places that cannot be configured.
FOREIGN=(/run/sshd /run/docker /run/containerd /run/netns /var/lib/cni /var/lib/containers)

# Docker leaves its chains, its policy and IP forwarding as they are when it ends.
remember_machine() {
  local path
  for path in "${FOREIGN[@]}"; do [[ -e $path ]] || echo "$path"; done >"$RUN/absent.before"
  cat /proc/sys/net/ipv4/ip_forward >"$RUN/ip_forward.before"
  iptables-save >"$RUN/iptables.before"
  ip6tables-save >"$RUN/ip6tables.before" 2>/dev/null || true
}

# A network's bridge has the ID's beginning in its name, and the engine's database has the ID: that
# tells which bridges are left of an engine that was killed.
leftover_bridges() {
  local link
  for link in /sys/class/net/br-*; do
    link=${link##*/}
    if grep -qsa "${link#br-}" "$STATE"/docker2?/data/network/files/local-kv.db; then echo "$link"; fi
  done
}

restore_network() {
  local tool pattern word bridge policy
  mapfile -t bridges < <(printf '%s\n' "${BRIDGE[@]}" && leftover_bridges)
  for bridge in "${bridges[@]}"; do ip link delete "$bridge" 2>/dev/null || true; done
  for tool in iptables ip6tables; do
    [[ -e $RUN/$tool.before ]] || continue
    # Rules that name our bridges; and the chains of Docker and CNI, if there were none before.
    pattern=$(IFS='|' && echo "${bridges[*]}")
    for word in DOCKER CNI-; do
      grep -q "$word" "$RUN/$tool.before" || pattern="$pattern|$word"
    done
    if "$tool-save" 2>/dev/null | grep -qE "$pattern"; then
      "$tool-save" | grep -vE "$pattern" | "$tool-restore"
    fi
    policy=$(sed -n 's/^:FORWARD \([A-Z]*\).*/\1/p' <(sed -n '/^\*filter/,/^COMMIT/p' "$RUN/$tool.before"))
    "$tool" -P FORWARD "${policy:-ACCEPT}" 2>/dev/null || true
  done
  [[ ! -e $RUN/ip_forward.before ]] || cat "$RUN/ip_forward.before" >/proc/sys/net/ipv4/ip_forward
}

unmount_all() {
  local path
  # Deepest first; lazily when something still has it open.
  awk -v below="$STATE/" 'index($5, below) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r path; do
    umount "$path" 2>/dev/null || umount -l "$path" 2>/dev/null || true
  done
}

restore_files() {
  local mode path
  while read -r mode path; do chmod "$mode" "$path"; done < <(cat "$RUN/devices.before" 2>/dev/null)
  while read -r path; do
    if [[ $path == /run/netns ]]; then umount /run/netns 2>/dev/null || true; fi
    if [[ $path == /var/lib/containers ]]; then rm -rf /var/lib/containers/cache; fi
    # Only what is empty: somebody else may have begun to use them.
    find "$path" -depth -type d -empty -delete 2>/dev/null || true
  done < <(cat "$RUN/absent.before" 2>/dev/null)
  # Empty control groups; the kernel refuses the others.
  find /sys/fs/cgroup -depth -type d \( -path "*/$CGROUP*" -o -path "*/libpod_parent*" \) \
    -exec rmdir {} \; 2>/dev/null || true
}

take_down() {
  local piece pid
  [[ -d $RUN ]] || return 0
  rm -f "$ENGINES_JSON"
  mkdir -p "$LOGS"
  {
    empty_docker docker20 /usr/bin/docker &
    empty_docker docker28 "$UNSTABLE/usr/bin/docker" &
    empty_podman podman &
    empty_podman podmanRootless &
    wait
  } >"$LOGS/stop.log" 2>&1
  # The daemons first, so that each ends its own children; then whatever is left of those.
  {
    for piece in "${PIECES[@]}"; do
      if pid=$(pid_of "$piece"); then descendants "$pid"; fi
    done
  } >"$RUN/descendants"
  for piece in "${PIECES[@]}"; do
    if pid_of "$piece" >/dev/null; then cat "$RUN/$piece.pid"; fi
  done | end_all 20
  end_all 3 <"$RUN/descendants"
  strays | end_all 3
  unmount_all
  restore_network
  if [[ -e $RUN/user ]]; then userdel "$PODMAN_USER" 2>/dev/null || true; fi
  restore_files
  find "$STATE" -mindepth 1 -maxdepth 1 ! -name cache -exec rm -rf --one-file-system {} +
}
