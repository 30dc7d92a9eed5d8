# shellcheck shell=bash
# Installs host tools on Fedora. Sourced by setup.sh.

# $1: lines of host-tools.txt.
install_packages() {
  local packages
  mapfile -t packages < <(awk '$5 != "-" { print $5 }' <<<"$1" | sort -u)
  [ "$(id -u)" != 0 ] || say "installing ${packages[*]}"
  as_root 'is the network or proxy right (dnf makecache), and do the repositories have these packages?' \
    dnf install -y --setopt=install_weak_deps=False "${packages[@]}"
}
