#!/usr/bin/env bash
# Makes this host ready: host tools (host-tools.txt) and node_modules. Usage: deploy/setup.sh [run|test|openstack|containers]
# Does nothing, in under a second, when all is there. Without root it prints the commands for an administrator.
set -euo pipefail

deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(dirname "$deploy")
# Debian keeps mkfs.ext4 and others where only root looks.
PATH=$PATH:/usr/sbin:/sbin

main() {
  local purpose=${1:-run}
  case $purpose in
    run | test | openstack | containers) ;;
    *) fail "the purpose is 'run', 'test', 'openstack' or 'containers', not '$purpose'" ;;
  esac
  if [ "$purpose" = openstack ] && ! can_run_openstack; then
    purpose=run
  fi
  install_tools "$purpose"
  install_node_modules
  [ "$purpose" != test ] || install_test_servers
}

# Whether the tests can have a Nova on this host: with the packages of other releases nobody has tried it.
can_run_openstack() {
  # shellcheck source=/dev/null
  [ -r /etc/os-release ] && . /etc/os-release
  if [ "${VERSION_CODENAME:-}" != bookworm ]; then
    say "no packages of OpenStack are known for ${PRETTY_NAME:-this host}: the tests in a real Nova are left out"
    return 1
  fi
  # Root makes their network. Who is not root is to have all other tests without these packages.
  if [ "$(id -u)" != 0 ]; then
    say 'the tests in a real Nova need root: they are left out'
    return 1
  fi
}

say() { printf 'set-up: %s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

# --- host tools ---

install_tools() {
  local missing
  missing=$(missing_tools "$1")
  [ -n "$missing" ] || return 0

  # shellcheck source=/dev/null
  [ -r /etc/os-release ] && . /etc/os-release
  if command -v apt-get >/dev/null; then
    # shellcheck source=deploy/apt.sh
    . "$deploy/apt.sh"
  elif command -v dnf >/dev/null; then
    # shellcheck source=deploy/dnf.sh
    . "$deploy/dnf.sh"
  else
    fail "this host has neither apt-get nor dnf; install these by hand: $(column 2 <<<"$missing")"
  fi
  [ "$(id -u)" = 0 ] || say 'host tools are missing; run these commands, then start again:'
  install_packages "$missing"
  [ "$(id -u)" = 0 ] || exit 1

  missing=$(missing_tools "$1")
  [ -z "$missing" ] || fail "still missing after the installation: $(column 2 <<<"$missing")
Install them by hand, or look at what ${PRETTY_NAME:-this host} calls them. 'imagedrop doctor' tells what each is for."
}

# The lines of host-tools.txt that this host does not fulfil.
missing_tools() {
  local for commands min rest
  while read -r for commands min rest; do
    case $for in run | "$1") ;; *) continue ;; esac
    is_there "$commands" "$min" || printf '%s %s %s %s\n' "$for" "$commands" "$min" "$rest"
  done <"$deploy/host-tools.txt"
}

is_there() {
  local tool
  for tool in ${1//|/ }; do
    [ -f "$tool" ] || command -v "$tool" >/dev/null || continue
    [ "$2" = - ] || [ "$(major_version "$tool")" -ge "$2" ] || continue
    return 0
  done
  return 1
}

major_version() {
  local said
  said=$("$1" --version 2>/dev/null) || said=0
  [[ $said =~ [0-9]+ ]] && echo "${BASH_REMATCH[0]}" || echo 0
}

column() { awk -v n="$1" '{ print $n }' | sort -u | tr '\n' ' '; }

# Runs a command as root, quietly; an ordinary user is shown it instead. $1 says what to do when it fails.
as_root() {
  local advice=$1 log
  shift
  if [ "$(id -u)" != 0 ]; then
    printf '  sudo'
    printf ' %q' "$@"
    echo
    return
  fi
  log=$(mktemp)
  if "$@" >"$log" 2>&1 </dev/null; then
    rm -f "$log"
    return
  fi
  tail -n 15 "$log" >&2
  rm -f "$log"
  fail "'$*' failed: $advice"
}

# Writes standard input into a file of root's.
write_as_root() {
  if [ "$(id -u)" = 0 ]; then
    cat >"$1.new" && mv "$1.new" "$1"
  else
    printf "  sudo tee %s >/dev/null <<'END'\n%s\nEND\n" "$1" "$(cat)"
  fi
}

# --- node_modules ---

install_node_modules() {
  cd "$repository"
  if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    command -v npm >/dev/null || fail 'npm is missing: install the packages nodejs and npm of this host'
    say 'installing node_modules'
    npm ci --no-audit --no-fund --loglevel=error >&2 ||
      fail 'npm ci failed, see above; is the package registry of this npm within reach (npm ping)?'
  fi
  node_runs || install_node
}

# Those that no distribution has a package of are built once, into the user's cache.
install_test_servers() {
  node_modules/.bin/node test/brokers/install.ts
}

# Node itself is a package too, put in place by its install script, which newer npm does not run by itself.
install_node() {
  say 'installing Node'
  (cd node_modules/node && npm_config_loglevel=error node installArchSpecificPackage.js >&2) || true
  # npm links only commands that were there when it looked.
  mkdir -p node_modules/.bin && ln -sf ../node/bin/node node_modules/.bin/node
  node_runs || fail "node_modules/.bin/node does not run; remove node_modules and start again, or approve the
install script of the package 'node' ('npm install-scripts approve node') if this npm holds it back"
}

node_runs() {
  local version
  version=$(node_modules/.bin/node --version 2>/dev/null) || return 1
  [ "$version" = "v$(node_wanted)" ]
}

node_wanted() { sed -n 's/^ *"node": "\([0-9.]*\)".*/\1/p' package.json; }

main "$@"
