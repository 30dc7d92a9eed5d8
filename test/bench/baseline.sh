#!/bin/bash
# What imagedrop is measured against: the same images from the same recipes, with the same tools and settings, made by
# a plain script, one step after the other. It does not publish, announce, verify what it made, or survive a crash.
#
#   test/bench/baseline.sh FOLDER [IMAGE…]      images as generic.x86_64; default: the four of Debian 12
#
# QCOW2_COMPRESSION and XZ_LEVEL are those of scratch drops in deploy/drops.yaml unless they are set. The packages come
# from the host's own Debian mirror; on other hosts set MIRROR and SECURITY_MIRROR. STEPS names the steps that are wanted.
set -euo pipefail

folder=$(realpath -m "${1:?usage: baseline.sh FOLDER [IMAGE...]}")
images=("${@:2}")
((${#images[@]})) || images=(generic.x86_64 ec2.x86_64 generic.i686 ec2.i686)
recipes=$(realpath "$(dirname "$0")/../../services/builder/recipes/debian-12")
xz_level=${XZ_LEVEL:-1}
qcow2_compression=${QCOW2_COMPRESSION:-zlib}
boot_timeout=${BOOT_TIMEOUT:-900}
day=$(date -u +%Y%m%d)
epoch=$(date -u -d "$day" +%s)

# The host's mirror whose path ends in the given word.
host_mirror() {
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sed 's,/*$,,' | grep -m 1 "/$1\$"
}

mirror=${MIRROR:-$(host_mirror debian || true)}
: "${mirror:?this host has no Debian mirror: set MIRROR}"
security=${SECURITY_MIRROR:-$(host_mirror debian-security || echo "${mirror%debian}debian-security")}

# Whether a suite has an index, of the size that its signed list promises.
serves() {
  local promised served
  promised=$(curl --silent --fail --location "$1/InRelease" | awk -v file="$2" '$3 == file { print $2; exit }')
  served=$(curl --silent --fail --location --head "$1/$2" | tr -d '\r' | awk 'tolower($1) == "content-length:" { print $2 }')
  [ -n "$promised" ] && [ "$promised" = "$served" ]
}

# Writes the package sources: those suites that the mirrors serve for the architecture.
write_sources() {
  local debian_architecture=$1 file=$2 url suite
  mkdir -p "$(dirname "$file")"
  while read -r url suite; do
    if serves "$url/dists/$suite" "main/binary-$debian_architecture/Packages.xz"; then
      printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n\n' \
        "$url" "$suite" /usr/share/keyrings/debian-archive-keyring.gpg
    fi
  done >"$file" <<-END
	$mirror bookworm
	$mirror bookworm-updates
	$security bookworm-security
	END
}

# Builds the base tree and the disk on top of it.
build() {
  local settings=(
    --architecture="$mkosi_architecture"
    --package-manager-tree="$PWD/sources:/"
    --package-cache-dir="$folder/packages-$architecture"
    --workspace-dir="$PWD/workspace"
    --source-date-epoch="$epoch"
    --environment=E2FSPROGS_FAKE_TIME="$epoch"
    --force
  )
  local seed root
  seed=$(cat /proc/sys/kernel/random/uuid)
  root=$(cat /proc/sys/kernel/random/uuid)
  mkdir -p workspace "$folder/packages-$architecture"
  write_sources "$debian_architecture" sources/etc/apt/sources.list.d/mkosi.sources
  mkosi --directory="$recipes/base" "${settings[@]}" --output-dir="$PWD/base" build
  mkosi --directory="$recipes/$flavour" "${settings[@]}" --output-dir="$PWD/output" \
    --base-tree="$(realpath base/base)" \
    --seed="$seed" \
    --environment="SYSTEMD_REPART_MKFS_OPTIONS_EXT4=\"-E nodiscard,lazy_itable_init=1,hash_seed=$seed -U $root\"" \
    --environment="ROOT_UUID=$root" build
  mv output/image.raw "$name.raw"
}

convert() {
  qemu-img convert -c -f raw -O qcow2 -o compat=1.1,compression_type="$qcow2_compression" "$name.raw" "$name.qcow2"
}

compress() {
  xz "-T$(nproc)" "-$xz_level" --stdout "$name.raw" >"$name.raw.xz"
}

archive() {
  tar --create --format=gnu --owner=0 --group=0 --mtime="@$epoch" "$name.raw" |
    xz "-T$(nproc)" "-$xz_level" >"$name.raw.tar.xz"
}

checksum() {
  sha256sum "$name.raw" "$name.qcow2" "$name.raw.xz" "$name.raw.tar.xz" >"$name-CHECKSUM"
}

# Boots an overlay with NoCloud data until cloud-init says that it has finished.
boot() {
  mkdir seed
  printf 'instance-id: baseline-%s\nlocal-hostname: boot-test\n' "$name" >seed/meta-data
  printf '#cloud-config\n{}\n' >seed/user-data
  xorriso -as mkisofs -quiet -output seed.iso -volid cidata -joliet -rational-rock seed
  qemu-img create -q -f qcow2 -b "$name.raw" -F raw overlay.qcow2 10G
  : >console.log
  "$emulator" -nodefaults -no-user-config -no-reboot \
    -machine pc,vmport=off,hpet=off -accel tcg,thread=multi -cpu max -smp 2 -m 1024 \
    -device VGA -display none -serial file:console.log \
    -drive file=overlay.qcow2,if=virtio,format=qcow2,cache=unsafe,discard=unmap \
    -drive file=seed.iso,if=virtio,format=raw,readonly=on \
    -device virtio-rng-pci -netdev user,id=net,restrict=on -device virtio-net-pci,netdev=net,romfile= &
  local machine=$! deadline=$((SECONDS + boot_timeout)) finished=no
  while kill -0 "$machine" 2>/dev/null && ((SECONDS < deadline)); do
    if grep -aq 'Cloud-init.* finished at' console.log; then
      finished=yes
      break
    fi
    sleep 0.5
  done
  kill "$machine" 2>/dev/null || true
  wait "$machine" 2>/dev/null || true
  [[ $finished == yes ]] || {
    echo "$name: cloud-init did not finish; see $PWD/console.log" >&2
    return 1
  }
}

# Runs one step and tells how long it took; what it says goes to a log.
step() {
  local start=$EPOCHREALTIME status
  # Not `if` or `||`: in a condition, bash would go on after a command that failed.
  set +e
  (
    set -e
    "$1"
  ) >"$1.log" 2>&1
  status=$?
  set -e
  if ((status)); then
    echo "$image: $1 failed; see $PWD/$1.log" >&2
    exit 1
  fi
  printf '%-16s %-9s %8.1f s\n' "$image" "$1" "$(bc <<<"$EPOCHREALTIME - $start")"
}

mkdir -p "$folder"
begin=$EPOCHREALTIME
for image in "${images[@]}"; do
  flavour=${image%%.*}
  architecture=${image#*.}
  case $architecture in
    x86_64) mkosi_architecture=x86-64 debian_architecture=amd64 emulator=qemu-system-x86_64 ;;
    i686) mkosi_architecture=x86 debian_architecture=i386 emulator=qemu-system-i386 ;;
    *) echo "$image: there is no such image of Debian 12" >&2 && exit 2 ;;
  esac
  name=debian-12-$flavour-$architecture
  mkdir "$folder/$image"
  cd "$folder/$image"
  for one in ${STEPS:-build convert compress archive checksum boot}; do step "$one"; done
done
printf '%-16s %-9s %8.1f s\n' all together "$(bc <<<"$EPOCHREALTIME - $begin")"
