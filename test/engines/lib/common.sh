# shellcheck shell=bash disable=SC2034 # the other files use what is set here
# What start and stop share: the state folder, messages, pid files, ports.

# Everything lives below this folder. Only plain characters, since the path is written into the
# configuration files of seven programs. Short, since a socket's path ends at 107 bytes, and since
# podman refuses a runroot of more than 50: its API then runs containers that it never removes.
STATE=${DOCKERCEPTION_ENGINES_DIR:-/var/tmp/dockerception-engines}
[[ $STATE =~ ^/[A-Za-z0-9._/-]+$ && ${#STATE} -le 35 ]] || {
  echo "engines: DOCKERCEPTION_ENGINES_DIR must be absolute, plain and at most 35 characters: $STATE" >&2
  exit 2
}
STATE=$(realpath -m "$STATE")
[[ $STATE =~ ^/[^/]+/. ]] || {
  echo "engines: $STATE is no place for a folder that stop removes" >&2
  exit 2
}

# Survives stop: downloaded packages, and the Debian base made of such.
CACHE=$STATE/cache
# Docker 28 and its companions, unpacked, not installed.
UNSTABLE=$CACHE/unstable
# Pid files, and notes of what stop has to undo.
RUN=$STATE/run
LOGS=$STATE/log
ENGINES_JSON=$STATE/engines.json
# The daemons, in the order of the checks.
PIECES=(docker20 docker28 podman podmanRootless registry registryAuth ssh)
# Names outside the state folder have this in them, so that two state folders do not meet.
ID=$(printf %04x $(($(cksum <<<"$STATE" | cut -d' ' -f1) & 65535)))
PODMAN_USER=dockerception-$ID
# Each engine has its own bridge: docker0 may belong to the machine's own Docker.
declare -A BRIDGE=([docker20]=dcept20-$ID [docker28]=dcept28-$ID [podman]=dceptpod-$ID)
CGROUP=dockerception-$ID

say() { echo "engines: $*" >&2; }

die() {
  say "$*"
  exit 1
}

# A command that fails unseen ends the script: say where.
trap 'say "failed: $BASH_COMMAND (line $LINENO)"' ERR

need_root() { [[ $(id -u) == 0 ]] || die "root is needed"; }

# One start or stop at a time for a state folder.
take_lock() {
  mkdir -p "$CACHE"
  exec {LOCK_FD}>"$CACHE/lock"
  flock "$LOCK_FD"
}

# Field 22 of stat: a pid with this start time cannot be a later process under the same number.
started_at() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) }
  # shellcheck disable=SC2086 # the fields are to be split
  set -- $stat
  [[ $1 != Z ]] || return 1
  echo "${20}"
}

# pid_of PIECE: its pid when it is alive
pid_of() {
  local pid start now
  [[ -s $RUN/$1.pid ]] || return 1
  read -r pid start <"$RUN/$1.pid"
  now=$(started_at "$pid") && [[ $now == "$start" ]] && echo "$pid"
}

# launch PIECE COMMAND...: in a session of its own, without any of the caller's open files, so that
# a caller that reads this script's output to its end is not kept waiting by the daemon.
launch() {
  local piece=$1 pid
  shift
  (
    cd "$STATE" || exit
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      if ((fd > 2)); then exec {fd}>&-; fi
    done
    exec setsid nohup "$@"
  ) </dev/null >"$LOGS/$piece.log" 2>&1 &
  pid=$!
  disown "$pid"
  echo "$pid $(started_at "$pid")" >"$RUN/$piece.pid"
}

# The first free port from 23750 on that this run has not given away: about the same ones each time.
NEXT_PORT=23750
free_port() {
  # NEXT_PORT must advance in the calling shell, so the answer is left in PORT.
  while (exec {probe}<>"/dev/tcp/127.0.0.1/$NEXT_PORT") 2>/dev/null; do NEXT_PORT=$((NEXT_PORT + 1)); done
  PORT=$NEXT_PORT
  NEXT_PORT=$((NEXT_PORT + 1))
}

ping_socket() { [[ $(curl -sS -m 5 --unix-socket "$1" http://engine/_ping 2>/dev/null) == OK ]]; }

# answers PIECE: does it do its work?
answers() {
  case $1 in
    docker20 | docker28 | podman | podmanRootless) ping_socket "$STATE/$1/engine.sock" ;;
    registry) curl -sf -m 5 -o /dev/null "http://$(cat "$RUN/$1.address")/v2/" ;;
    registryAuth) curl -sf -m 5 -o /dev/null -u alice:wonderland "http://$(cat "$RUN/$1.address")/v2/" ;;
    ssh) "$STATE/ssh/bin/ssh" -o ConnectTimeout=5 root@dockerception-ssh true </dev/null >/dev/null 2>&1 ;;
  esac 2>/dev/null
}

# wait_for PIECE: until it answers, or tell why not
wait_for() {
  local piece=$1 end=$((SECONDS + 60)) why="does not answer after 60 s"
  until answers "$piece"; do
    if ! pid_of "$piece" >/dev/null; then
      why="has ended"
    elif ((SECONDS < end)); then
      sleep 0.2
      continue
    fi
    say "$piece $why; the last lines of $LOGS/$piece.log:"
    tail -n 20 "$LOGS/$piece.log" >&2 || true
    return 1
  done
}
