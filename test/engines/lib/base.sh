# shellcheck shell=bash
# The base image: busybox, made once as a docker archive and so the same bytes on every engine.

BASE=dockerception-base:latest

make_base() {
  local dir=$STATE/base root=$STATE/base/root applet arch diff config
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
  # Nothing of this machine or this hour: the image has the same ID every time.
  archive() { tar --format=ustar --sort=name --mtime=@946684800 --owner=0 --group=0 --numeric-owner "$@"; }
  archive -C "$root" -cf "$dir/layer.tar" .
  diff=$(sha256sum <"$dir/layer.tar" | cut -d' ' -f1)
  arch=$(dpkg --print-architecture)
  case $arch in
    armhf) arch=arm ;;
    i386) arch=386 ;;
  esac
  printf '%s' "{\"architecture\":\"$arch\",\"os\":\"linux\",\"created\":\"2000-01-01T00:00:00Z\"," \
    '"config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]},' \
    '"history":[{"created":"2000-01-01T00:00:00Z","created_by":"busybox-static"}],' \
    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:$diff\"]}}" >"$dir/config.json"
  config=$(sha256sum <"$dir/config.json" | cut -d' ' -f1)
  mv "$dir/config.json" "$dir/$config.json"
  echo "[{\"Config\":\"$config.json\",\"RepoTags\":[\"docker.io/library/$BASE\"],\"Layers\":[\"layer.tar\"]}]" >"$dir/manifest.json"
  archive -C "$dir" -cf "$dir/base.tar" manifest.json "$config.json" layer.tar
  rm -r "$root" "$dir/layer.tar" "$dir/$config.json" "$dir/manifest.json"
}

# load_base PIECE COMMAND...
load_base() {
  local piece=$1
  shift
  "$@" >"$LOGS/$piece.base.log" 2>&1 || {
    say "$piece does not take the base image:"
    tail -n 20 "$LOGS/$piece.base.log" >&2
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
  local tar=$STATE/base/base.tar job jobs=() failed=0
  load_base docker20 /usr/bin/docker --config "$STATE/base" -H "unix://$STATE/docker20/engine.sock" load -i "$tar" &
  jobs+=($!)
  load_base docker28 "$UNSTABLE/usr/bin/docker" --config "$STATE/base" -H "unix://$STATE/docker28/engine.sock" load -i "$tar" &
  jobs+=($!)
  load_base podman "$STATE/podman/podman" load -q -i "$tar" &
  jobs+=($!)
  load_base podmanRootless "$STATE/podmanRootless/podman" load -q -i "$tar" &
  jobs+=($!)
  (load_base registries push_base) &
  jobs+=($!)
  for job in "${jobs[@]}"; do wait "$job" || failed=1; done
  return "$failed"
}
