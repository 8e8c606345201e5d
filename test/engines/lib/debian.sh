# shellcheck shell=bash
# The base of the samples' builders: a small Debian 12 with a compiler and Debian's package tools.

DEBIAN=dockerception-debian:latest
# libc6-dev and musl-tools: static programs with either libc. busybox-static has an HTTP server.
DEBIAN_PACKAGES=(gcc libc6-dev zlib1g-dev musl-tools make dpkg-dev busybox-static tar)

# Once for a machine: 45 s and 100 MB from the mirror. Its traps are its own.
make_debian() (
  if [[ -e $DEBIAN_TAR ]]; then exit 0; fi
  dir=$CACHE/debian.new root=$CACHE/debian.new/root
  # debootstrap has /proc and /sys mounted there, until it ends or is ended.
  clear_away() {
    umount "$root/proc" "$root/sys" || true
    rm -rf --one-file-system "$dir"
  }
  trap clear_away EXIT
  trap 'exit 143' TERM INT
  clear_away
  mkdir -p "$root"
  uri=$(mirror) || die "no Debian mirror in /etc/apt"
  include=$(IFS=, && echo "${DEBIAN_PACKAGES[*]}")
  debootstrap --variant=minbase --include="$include" bookworm "$root" "$uri"
  chroot "$root" apt-get clean
  # What builders never read: half of it.
  rm -rf "$root"/usr/share/{doc,man,info,locale,i18n,lintian,zoneinfo}/* "$root"/usr/lib/locale \
    "$root"/usr/bin/*lto-dump* "$root"/usr/lib/gcc/*/*/lto1 \
    "$root"/var/lib/apt/lists/* "$root"/var/cache/{apt,debconf}/*.bin "$root"/var/cache/debconf/*-old
  find "$root/var/log" "$root/tmp" "$root/run" -type f -delete
  # The mirror is this machine's; nothing can be fetched from inside the image anyhow.
  : >"$root/etc/apt/sources.list"
  rm -f "$root/etc/hostname" "$root/etc/resolv.conf"
  # No devices, which rootless engines can't make: each engine has its own /dev.
  archive -C "$root" --exclude='./dev/*' -cf "$dir/layer.tar" .
  image_archive "$dir" "$DEBIAN" "\"Env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"],\"Cmd\":[\"bash\"],\"Labels\":{\"recipe\":\"$DEBIAN_RECIPE\"}" debootstrap
  rm -f "$CACHE"/debian-*.tar
  mv "$dir/image.tar" "$DEBIAN_TAR"
) </dev/null >"$LOGS/debian.log" 2>&1

# Another list of packages, or another way to make it, is another archive.
DEBIAN_RECIPE=$({ declare -p DEBIAN_PACKAGES && declare -f make_debian; } | sha256sum | cut -c1-12)
DEBIAN_TAR=$CACHE/debian-$DEBIAN_RECIPE.tar

load_debian() {
  local format='{{index .Config.Labels "recipe"}}'
  [[ $(engine_cli "$1" image inspect -f "$format" "$DEBIAN" 2>/dev/null) == "$DEBIAN_RECIPE" ]] ||
    engine_cli "$1" load -q -i "$DEBIAN_TAR"
}

# Made when it is missing, and given to each engine that lacks it: those that run already get it too.
provide_debian() {
  local piece job jobs=() failed=0
  [[ -e $DEBIAN_TAR ]] || say "making the Debian base; see $LOGS/debian.log"
  # In the background, since a function in front of || goes on behind its errors.
  make_debian &
  wait $! || {
    say "the Debian base could not be made:"
    tail -n 20 "$LOGS/debian.log" >&2
    return 1
  }
  for piece in docker20 docker28 podman podmanRootless; do
    give "$piece" debian load_debian "$piece" &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job" || failed=1; done
  return "$failed"
}
