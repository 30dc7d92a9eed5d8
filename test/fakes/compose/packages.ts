/** A package of the compose, under the name that Fedora has for it. */
export interface ComposePackage {
  readonly name: string
  /** Which of Debian's packages it has the files of; `*` stands for any end. The first that is there gives the version. */
  readonly debian?: readonly string[]
  readonly requires?: readonly string[]
  readonly provides?: readonly string[]
  /** Files that Fedora's own package has and no package of Debian, by their paths. */
  readonly files?: Readonly<Record<string, string>>
}

/** The release that the compose is of. */
export const release = '43'

const osRelease = `NAME="Fedora Linux"
VERSION="${release} (made for tests)"
ID=fedora
VERSION_ID=${release}
PRETTY_NAME="Fedora Linux ${release} (a compose made for tests, of Debian's files)"
VARIANT_ID=cloud
`

const issue = '\\S\nKernel \\r on an \\m (\\l)\n\n'

/**
 * As Fedora's package has it, but for the hostname: the units are Debian's, which start cloud-init before the bus that its
 * code for Fedora sets the hostname by.
 */
const cloudDefaults = `preserve_hostname: true
system_info:
  distro: fedora
  default_user:
    name: fedora
    lock_passwd: true
    gecos: Fedora Cloud User
    groups: [adm]
    sudo: ['ALL=(ALL) NOPASSWD:ALL']
    shell: /bin/bash
  network:
    renderers: [networkd]
  paths:
    cloud_dir: /var/lib/cloud/
    templates_dir: /etc/cloud/templates/
  ssh_svcname: sshd
`

/** Who has the files of a package of Debian that is named by no other: libraries, and programs that no recipe asks for. */
export const everythingElse = 'debian-base'
/** Who has what Debian's packages make when they are installed: accounts, and configuration in /etc. */
export const accounts = 'setup'
export const folders = 'filesystem'
export const kernel = 'kernel-core'
export const python = 'python3'

/**
 * What the recipes of today's Fedora name, what mkosi asks for by itself (a base system, and what it makes an initrd of),
 * and what those are made of. A package without files of Debian's is there by its name and its dependencies alone.
 */
export const packages: readonly ComposePackage[] = [
  { name: folders },
  { name: accounts, debian: ['base-passwd', 'base-files', 'netbase'], requires: [folders, 'system-release'] },
  { name: everythingElse, requires: [accounts] },
  { name: 'basesystem', requires: [accounts, folders] },
  {
    name: 'fedora-release-cloud',
    provides: ['system-release', `system-release(${release})`, 'fedora-release'],
    files: {
      '/usr/lib/os-release': osRelease,
      '/etc/fedora-release': `Fedora release ${release} (made for tests)\n`,
      '/etc/issue': issue,
    },
  },
  {
    name: 'fedora-repos',
    requires: [`system-release(${release})`],
    files: {
      '/etc/yum.repos.d/fedora.repo':
        '[fedora]\nname=Fedora $releasever - $basearch\nmetalink=https://mirrors.fedoraproject.org/metalink?repo=fedora-$releasever&arch=$basearch\nenabled=1\ngpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-fedora-$releasever-$basearch\n',
    },
  },
  { name: 'bash', debian: ['bash', 'dash'], requires: [everythingElse], provides: ['/bin/sh'] },
  { name: 'less', debian: ['less'], requires: [everythingElse] },
  { name: 'shadow-utils', debian: ['passwd'], requires: [everythingElse] },
  { name: 'passwd', requires: ['shadow-utils'] },
  { name: 'sudo', debian: ['sudo'], requires: ['bash'] },
  {
    name: 'util-linux-core',
    debian: ['util-linux', 'util-linux-extra', 'mount', 'bsdutils'],
    requires: [everythingElse],
  },
  { name: 'util-linux', debian: ['login', 'eject'], requires: ['util-linux-core'] },
  { name: 'e2fsprogs', debian: ['e2fsprogs', 'libext2fs2', 'libss2', 'logsave'], requires: [everythingElse] },
  { name: 'iproute', debian: ['iproute2'], requires: [everythingElse] },
  {
    name: 'systemd',
    debian: [
      'systemd',
      'systemd-sysv',
      'systemd-timesyncd',
      'libsystemd-shared',
      'libpam-systemd',
      'libnss-myhostname',
      'dbus',
      'dbus-bin',
      'dbus-daemon',
      'dbus-session-bus-common',
      'dbus-system-bus-common',
    ],
    requires: ['bash', 'util-linux-core'],
  },
  { name: 'systemd-udev', debian: ['udev', 'kmod', 'dmsetup'], requires: ['systemd'], provides: ['udev'] },
  { name: 'systemd-networkd', requires: ['systemd'] },
  { name: 'systemd-resolved', debian: ['systemd-resolved'], requires: ['systemd'] },
  { name: 'systemd-boot-unsigned', debian: ['systemd-boot-efi'], provides: ['systemd-boot'] },
  { name: kernel, debian: ['linux-image-cloud-*', 'linux-image-*'], provides: ['kernel'] },
  { name: 'grub2-pc-modules', debian: ['grub-pc-bin'] },
  { name: 'openssh-server', debian: ['openssh-server', 'openssh-client', 'openssh-sftp-server'], requires: ['bash'] },
  { name: python, debian: ['python3', 'python3*', 'libpython3*'], requires: [everythingElse] },
  {
    name: 'cloud-init',
    debian: ['cloud-init'],
    requires: [python, 'systemd', 'shadow-utils', 'util-linux'],
    files: { '/etc/cloud/cloud.cfg.d/05_fedora.cfg': cloudDefaults },
  },
  { name: 'cloud-utils-growpart', debian: ['cloud-guest-utils'], requires: ['bash'] },
  { name: 'amazon-ec2-utils', debian: ['amazon-ec2-utils'] },
  { name: 'dnf5' },
  { name: 'dracut-config-generic' },
  { name: 'selinux-policy-targeted' },
  { name: 'libfido2' },
  { name: 'lvm2' },
  { name: 'p11-kit' },
  { name: 'tpm2-tss' },
  { name: 'xfsprogs' },
]

/** What Debian installs into the tree that the packages are made of. */
export const debianPackages: readonly string[] = [
  'bash',
  'ca-certificates',
  'cloud-guest-utils',
  'cloud-init',
  'dbus',
  'dmsetup',
  'e2fsprogs',
  'grub-pc-bin',
  'iproute2',
  'kmod',
  'less',
  'libnss-myhostname',
  'libpam-systemd',
  'linux-image-cloud-amd64',
  'openssh-server',
  'passwd',
  'procps',
  'sudo',
  'systemd',
  'systemd-boot-efi',
  'systemd-resolved',
  'systemd-sysv',
  'systemd-timesyncd',
  'udev',
  'util-linux',
  'zstd',
]

/** Packages of Debian that stay behind: they install packages and configure them, or make Debian's own initrd. */
const leftBehind =
  /^(adduser|apt.*|busybox.*|debconf.*|dpkg|gettext-base|grub-common|init-system-helpers|initramfs-tools.*|insserv|klibc-utils|libapt-pkg.*|libc-l10n|libefi.*|libfreetype6|libfuse.*|libklibc|libpng16-16|linux-base|locales|lsb-release|perl-base|runit-helper|sensible-utils|ucf|usr-is-merged|usrmerge)$/

/** The package of the compose that has the files of one of Debian's; null where they stay behind. */
export function packageFor(debian: string): string | null {
  if (leftBehind.test(debian)) return null
  return packages.find((one) => one.debian?.some((name) => stands(name, debian)) === true)?.name ?? everythingElse
}

/** Which of Debian's packages gives a package of the compose its version, of those that are there. */
export function versionGiver({ debian = [] }: ComposePackage, there: readonly string[]): string | undefined {
  return debian.flatMap((name) => there.filter((one) => stands(name, one)))[0]
}

function stands(name: string, debian: string): boolean {
  return name.endsWith('*') ? debian.startsWith(name.slice(0, -1)) : debian === name
}
