# shellcheck shell=bash
# Installs host tools on Debian and Ubuntu. Sourced by setup.sh.

backports_file=/etc/apt/sources.list.d/imagedrop-backports.sources

# $1: lines of host-tools.txt.
install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  refresh
  local min names package normal=() newer=()
  while read -r _ _ min names _; do
    package=$(known_package "$names")
    if [ "$min" = - ] || dpkg --compare-versions "$(candidate "$package")" ge "$min"; then
      normal+=("$package")
    else
      newer+=("$package")
    fi
  done <<<"$1"
  [ ${#newer[@]} = 0 ] || install_newer "${newer[@]}"
  [ ${#normal[@]} = 0 ] || install_from_apt '' "${normal[@]}"
}

# A source of somebody else that fails must not stop us: what is really missing fails below.
refresh() {
  if [ "$(id -u)" != 0 ]; then
    as_root '' apt-get update
  elif ! apt-get -qq -o APT::Update::Error-Mode=any update >/dev/null 2>&1; then
    say 'apt-get update had errors; going on with the package lists that there are'
  fi
}

# Of `a|b` the first that apt can install; what no source has is asked for all the same, so that apt says so.
known_package() {
  local name
  for name in ${1//|/ }; do
    [ "$(candidate "$name")" = 0 ] || break
  done
  echo "$name"
}

candidate() {
  local version
  version=$(apt-cache policy "$1" | awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }')
  echo "${version:-0}"
}

# What the release has is too old: Debian's backports have a newer one.
install_newer() {
  [ "${ID:-}" = debian ] || fail "${PRETTY_NAME:-this host} has no $1 that is new enough (version $(candidate "$1")).
Use a newer release, or put the upstream release of $1 on the PATH."
  local suite=${VERSION_CODENAME:-unknown}-backports source
  if ! releases | grep -qx "[^ ]* $suite"; then
    source=$(backports_source "$suite")
    say "adding $suite, for $*"
    write_as_root "$backports_file" <<<"$source"
    # Only this source: another that is broken must not stop us, and the lists of the others stay.
    as_root "is the network or proxy right, and does the mirror have $suite? If not, remove $backports_file" \
      apt-get -o "Dir::Etc::SourceList=$backports_file" -o Dir::Etc::SourceParts=- -o APT::Get::List-Cleanup=0 \
      -o APT::Update::Error-Mode=any update
  fi
  install_from_apt "$suite" "$@"
}

# $1: where from; empty for wherever apt prefers.
install_from_apt() {
  local release=$1 packages options=(--yes --no-install-recommends)
  shift
  mapfile -t packages < <(printf '%s\n' "$@" | sort -u)
  [ "$(id -u)" != 0 ] || say "installing ${packages[*]}${release:+ from $release}"
  [ -z "$release" ] || options+=("--target-release=$release")
  keep_servers_stopped
  as_root 'is the network or proxy right (apt-get update), and do the apt sources have these packages?' \
    apt-get -o DPkg::Lock::Timeout=300 install "${options[@]}" "${packages[@]}"
}

# Tests start servers of their own: a package must not start one. Only for this installation, and only as root;
# an administrator who installs by hand decides that himself (invoke-rc.d(8), policy-rc.d).
keep_servers_stopped() {
  local policy=/usr/sbin/policy-rc.d
  [ "$(id -u)" = 0 ] && [ ! -e "$policy" ] || return 0
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  # shellcheck disable=SC2064 # the path is known now
  trap "rm -f '$policy'" EXIT
}

# Code name and name in the source, of every release that apt knows.
# shellcheck disable=SC2016 # the fields are apt's
releases() { apt-get indextargets --format '$(CODENAME) $(RELEASE)' | sort -u; }

# The source that this host has its release from, with the suite $1: mirror, keys and options stay.
backports_source() {
  local names source
  names=$({ echo "$VERSION_CODENAME"; releases | awk -v name="$VERSION_CODENAME" '$1 == name { print $2 }'; } | paste -sd ' ')
  source=$({ one_line_sources | as_stanzas && all_stanzas; } | with_suite "$1" "$names")
  [ -n "$source" ] || fail "no apt source of this host is for $VERSION_CODENAME; add one for $1 by hand"
  printf '%s\n' "$source"
}

all_stanzas() { awk 'FNR == 1 { print "" } /^#/ { next } { print }' /etc/apt/sources.list.d/*.sources 2>/dev/null || true; }

one_line_sources() { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true; }

# `deb [arch=amd64 signed-by=/key] URI suite component…` as the stanza that means the same.
as_stanzas() {
  sed -nE 's/[[:space:]]*(#.*)?$//; s/^deb[[:space:]]+(\[([^]]*)\])?[[:space:]]*([^[:space:]]+)[[:space:]]+([^[:space:]]+)(.*)$/\2\t\3\t\4\t\5/p' |
    awk -F '\t' '{
      print "\nTypes: deb\nURIs: " $2 "\nSuites: " $3 "\nComponents:" $4
      count = split($1, options, " ")
      for (i = 1; i <= count; i++) {
        split(options[i], pair, "=")
        name = pair[1] == "arch" ? "architectures" : pair[1] == "lang" ? "languages" : pair[1] == "target" ? "targets" : pair[1]
        gsub(",", " ", pair[2])
        print name ": " pair[2]
      }
    }'
}

# The first enabled binary stanza for one of the releases $2, for the suite $1 instead.
with_suite() {
  awk -v suite="$1" -v names="$2" '
    BEGIN { RS = ""; FS = "\n"; split(names, list, " "); for (i in list) wanted[list[i]] = 1 }
    {
      text = ""; types = ""; suites = ""; enabled = "yes"; field = ""
      for (i = 1; i <= NF; i++) {
        if ($i !~ /^[ \t]/) field = tolower(substr($i, 1, index($i, ":") - 1))
        value = $i; sub(/^[^ \t]*:?[ \t]*/, "", value)
        if (field == "types") types = types " " value
        else if (field == "suites") suites = suites " " value
        else text = text $i "\n"
        if (field == "enabled") enabled = tolower(value)
      }
      if (enabled == "no" || types !~ /(^| )deb( |$)/) next
      count = split(suites, each, " ")
      for (i = 1; i <= count; i++) if (each[i] in wanted) { printf "Types: deb\nSuites: %s\n%s", suite, text; exit }
    }'
}
