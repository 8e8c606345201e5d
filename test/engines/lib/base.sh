# shellcheck shell=bash
# The base image: busybox, made once as a docker archive and so the same bytes on every engine.

BASE=dockerception-base:latest

# Nothing of this machine or this hour: the image has the same ID every time.
archive() { tar --format=ustar --sort=name --mtime=@946684800 --owner=0 --group=0 --numeric-owner "$@"; }

# image_archive DIR NAME MEMBERS HISTORY: makes a docker archive with one layer, DIR/image.tar, of
# DIR/layer.tar, which goes. MEMBERS is the JSON inside the image's "config".
image_archive() {
  local dir=$1 diff arch config
  diff=$(sha256sum <"$dir/layer.tar" | cut -d' ' -f1)
  arch=$(dpkg --print-architecture)
  case $arch in
    armhf) arch=arm ;;
    i386) arch=386 ;;
  esac
  printf '%s' "{\"architecture\":\"$arch\",\"os\":\"linux\",\"created\":\"2000-01-01T00:00:00Z\"," \
    "\"config\":{$3}," \
    "\"history\":[{\"created\":\"2000-01-01T00:00:00Z\",\"created_by\":\"$4\"}]," \
    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:$diff\"]}}" >"$dir/config.json"
  config=$(sha256sum <"$dir/config.json" | cut -d' ' -f1)
  mv "$dir/config.json" "$dir/$config.json"
  echo "[{\"Config\":\"$config.json\",\"RepoTags\":[\"docker.io/library/$2\"],\"Layers\":[\"layer.tar\"]}]" >"$dir/manifest.json"
  archive -C "$dir" -cf "$dir/image.tar" manifest.json "$config.json" layer.tar
  rm "$dir/layer.tar" "$dir/$config.json" "$dir/manifest.json"
}

make_base() {
  local dir=$STATE/base root=$STATE/base/root applet
  mkdir -p "$root"/{bin,dev,etc,home,proc,root,sys,tmp,usr/bin,var/tmp}
  chmod 1777 "$root/tmp" "$root/var/tmp"
  chmod 700 "$root/root"
  cp /bin/busybox "$root/bin/busybox"
  for applet in $(/bin/busybox --list); do
    [[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
  done
  ln -s ../../bin/env "$root/usr/bin/env"
  printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
  archive -C "$root" -cf "$dir/layer.tar" .
  image_archive "$dir" "$BASE" '"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]' busybox-static
  mv "$dir/image.tar" "$dir/base.tar"
  rm -r "$root"
}

# engine_cli PIECE ARGUMENTS...: the command line of an engine
engine_cli() {
  local piece=$1 docker=/usr/bin/docker
  shift
  case $piece in
    docker*)
      [[ $piece == docker20 ]] || docker=$UNSTABLE/usr/bin/docker
      "$docker" --config "$STATE/base" -H "unix://$STATE/$piece/engine.sock" "$@"
      ;;
    podman*) "$STATE/$piece/podman" "$@" ;;
  esac
}

# give PIECE IMAGE COMMAND...: with a command that gives it the image
give() {
  local piece=$1 image=$2
  shift 2
  "$@" >"$LOGS/$piece.$image.log" 2>&1 || {
    say "$piece does not take the $image image:"
    tail -n 20 "$LOGS/$piece.$image.log" >&2
    return 1
  }
}

push_base() {
  local registry
  export DOCKER_CONFIG=$STATE/base/config
  mkdir -p "$DOCKER_CONFIG"
  "$UNSTABLE/usr/bin/crane" auth login "$(cat "$RUN/registryAuth.address")" -u alice -p wonderland
  for registry in registry registryAuth; do
    "$UNSTABLE/usr/bin/crane" push --insecure "$STATE/base/base.tar" "$(cat "$RUN/$registry.address")/base:latest"
  done
  rm -r "$DOCKER_CONFIG"
}

distribute_base() {
  local piece job jobs=() failed=0
  for piece in docker20 docker28 podman podmanRootless; do
    give "$piece" base engine_cli "$piece" load -q -i "$STATE/base/base.tar" &
    jobs+=($!)
  done
  (give registries base push_base) &
  jobs+=($!)
  for job in "${jobs[@]}"; do wait "$job" || failed=1; done
  return "$failed"
}
