# shellcheck shell=bash
# Debian's packages: those of this release are installed, those of unstable are only unpacked.

PACKAGES=(docker.io iptables podman buildah uidmap slirp4netns fuse-overlayfs skopeo umoci docker-registry
  libarchive-tools hyperfine pv busybox-static openssh-server apache2-utils openssl zstd xz-utils bzip2
  gcc libc6-dev musl-tools tmux curl iproute2 debootstrap chromium jq fish zsh man-db mandoc)
UNSTABLE_PACKAGES=(docker.io docker-cli docker-buildx containerd crane)

POLICY=/usr/sbin/policy-rc.d

# While packages are installed no service may start: policy-rc.d is what the maintainer scripts ask.
forbid_services() {
  if [[ -e $POLICY || -L $POLICY ]]; then
    # A guard that an interrupted run has left is not the machine's own.
    grep -qs dockerception-engines "$POLICY" || mv "$POLICY" "$POLICY.dockerception-engines"
  fi
  printf '#!/bin/sh\n# dockerception-engines: removed at the end of test/engines/start\nexit 101\n' >"$POLICY"
  chmod 755 "$POLICY"
}

allow_services() {
  if grep -qs dockerception-engines "$POLICY"; then rm -f "$POLICY"; fi
  if [[ -e $POLICY.dockerception-engines || -L $POLICY.dockerception-engines ]]; then
    mv -f "$POLICY.dockerception-engines" "$POLICY"
  fi
}

missing_packages() {
  local package
  for package in "${PACKAGES[@]}"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
  done
}

# Runs in a subshell, which is why its exit trap is its own.
install_packages() (
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]})) || exit 0
  export DEBIAN_FRONTEND=noninteractive
  trap allow_services EXIT
  trap 'exit 143' TERM INT
  forbid_services
  install=(apt-get install -y -q -o DPkg::Lock::Timeout=300 --no-install-recommends -o Dpkg::Options::=--force-confold "${missing[@]}")
  # The package lists may be missing or too old; fetch them only when that shows.
  "${install[@]}" || { apt-get update -q && "${install[@]}"; }
) </dev/null >"$LOGS/install.log" 2>&1

# The mirror that this machine already uses for Debian itself.
mirror() {
  local uri
  uri=$(sed -n 's/^URIs:[[:space:]]*\([^[:space:]]*\).*/\1/p' /etc/apt/sources.list.d/debian.sources 2>/dev/null |
    grep -v security | head -n 1) || true
  [[ $uri ]] || uri=$(sed -n 's/^deb[[:space:]]\(\[[^]]*\][[:space:]]*\)\{0,1\}\([^[:space:]]*\).*/\2/p' \
    /etc/apt/sources.list | grep -v security | head -n 1)
  [[ $uri ]] && echo "$uri"
}

# Lists, cache and sources apart from the machine's: an upgrade of it must never see unstable.
unpack_unstable() (
  if [[ -e $UNSTABLE/complete ]]; then exit 0; fi
  apt=$CACHE/apt
  rm -rf "$UNSTABLE" "$UNSTABLE.new"
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/debs" "$UNSTABLE.new"
  uri=$(mirror) || die "no Debian mirror in /etc/apt"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri unstable main" >"$apt/sources.list"
  options=(-q -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root
    -o Acquire::Languages=none)
  apt-get "${options[@]}" update
  cd "$apt/debs" || exit
  apt-get "${options[@]}" download "${UNSTABLE_PACKAGES[@]}"
  for deb in *.deb; do dpkg -x "$deb" "$UNSTABLE.new"; done
  touch "$UNSTABLE.new/complete"
  mv "$UNSTABLE.new" "$UNSTABLE"
  rm -rf "$apt"
) </dev/null >"$LOGS/unstable.log" 2>&1

# Both at once: one mostly waits for the network while the other unpacks.
provide_packages() {
  local first second failed=0
  [[ -z $(missing_packages) && -e $UNSTABLE/complete ]] || say "fetching packages; see $LOGS/install.log and unstable.log"
  install_packages &
  first=$!
  unpack_unstable &
  second=$!
  wait "$first" || { failed=1 && say "packages could not be installed:" && tail -n 20 "$LOGS/install.log" >&2; }
  wait "$second" || { failed=1 && say "packages of unstable failed:" && tail -n 20 "$LOGS/unstable.log" >&2; }
  return "$failed"
}
