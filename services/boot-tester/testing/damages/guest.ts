import type { RootDamage } from './damage.ts'

/** A way to break a real Debian image that is found in the guest, or on its way there. */
export interface GuestDamage extends RootDamage {
  readonly what: string
  /** Every check that fails, the one that it is for first. */
  readonly finds: readonly [string, ...string[]]
  /** What that one then says, so that it is known to have failed for this. */
  readonly says: RegExp
  /** Damages of one guest do not get in each other's way, and can be done to one disk; one of none needs a disk for itself. */
  readonly guest?: 'much is wrong' | 'lives on' | 'hears no button'
}

/** A unit that runs a command at boot, and the link that starts it. */
function unit(name: string, command: string, more = '', wantedBy = 'multi-user.target'): Required<RootDamage> {
  const folder = '/etc/systemd/system'
  const text = `[Unit]\n${more}\n[Service]\nType=oneshot\nExecStart=/bin/sh -c '${command}'\n`
  return {
    requests: [
      `mkdir ${folder}/${wantedBy}.wants`,
      `symlink ${folder}/${wantedBy}.wants/${name}.service ${folder}/${name}.service`,
    ],
    files: { [`${folder}/${name}.service`]: text },
  }
}

const cloudConfig = (name: string, text: string) => ({ files: { [`/etc/cloud/cloud.cfg.d/98_${name}.cfg`]: text } })
const sshd = (name: string, text: string) => ({ files: { [`/etc/ssh/sshd_config.d/05-${name}.conf`]: text } })

/** At least one for each check of a guest; a test holds the two together. `npm run prove -- damages` boots them. */
export const guestDamages: readonly GuestDamage[] = [
  {
    what: 'a unit fails',
    guest: 'much is wrong',
    finds: ['failed-units'],
    says: /^system is degraded, failed: fails\.service$/,
    ...unit('fails', 'exit 1'),
  },
  {
    what: 'something listens',
    guest: 'much is wrong',
    finds: ['listening-ports'],
    says: /^tcp 0\.0\.0\.0:8000$/,
    ...unit('listens', 'systemd-run python3 -m http.server 8000'),
  },
  {
    what: 'the kernel met a bug',
    guest: 'much is wrong',
    finds: ['kernel-errors'],
    says: /^\[ *[0-9.]+\] BUG: unable to handle page fault$/,
    ...unit('bug', 'echo "<2>BUG: unable to handle page fault" >/dev/kmsg'),
  },
  {
    what: 'the journal has an error',
    guest: 'much is wrong',
    finds: ['journal'],
    says: /all is lost/,
    ...unit('error', 'echo all is lost | systemd-cat --priority=err'),
  },
  {
    what: 'the disk is full',
    guest: 'much is wrong',
    finds: ['space-left'],
    says: /^\d{1,3} MiB of 2\d{3} MiB are free/,
    ...unit(
      'fills',
      'fallocate --length=2GiB /filler',
      'After=cloud-init.service\nBefore=cloud-final.service',
      'cloud-init.target',
    ),
  },
  {
    what: 'the machine has no id',
    guest: 'hears no button',
    finds: ['machine-id', 'journal'],
    says: /^\/etc\/machine-id is empty$/,
    ...unit(
      'forgets-id',
      'mount --bind /dev/null /etc/machine-id',
      'After=cloud-init.service\nBefore=cloud-final.service',
      'cloud-init.target',
    ),
  },
  {
    what: 'a kernel is installed that does not boot',
    guest: 'much is wrong',
    finds: ['running-kernel'],
    says: / the newest is 99\.0, tainted: 0$/,
    requests: ['mkdir /usr/lib/modules/99.0'],
  },
  {
    what: 'free blocks cannot be told',
    guest: 'much is wrong',
    finds: ['trim'],
    says: /fstrim: not found$/,
    requests: ['rm /usr/sbin/fstrim'],
  },
  {
    what: 'the root does not grow',
    guest: 'lives on',
    finds: ['root-grown', 'space-left'],
    says: /^root has 0\.\d+ GiB, the image 0\.\d+ GiB, /,
    requests: ['rm /usr/bin/growpart'],
  },
  {
    what: 'the name of the cloud is not taken',
    guest: 'much is wrong',
    finds: ['hostname'],
    says: /^it is called localhost, and was given boot-test$/,
    ...cloudConfig('name', 'preserve_hostname: true\n'),
  },
  {
    what: 'cloud-init warns',
    guest: 'much is wrong',
    finds: ['cloud-init-log'],
    says: /WARNING\]: Failed loading yaml blob/,
    ...cloudConfig('list', '- not\n- a: mapping\n'),
  },
  {
    what: 'the default user has a password',
    guest: 'much is wrong',
    finds: ['locked-accounts'],
    says: /^debian has a password$/,
    ...cloudConfig('password', 'password: secret\nchpasswd: { expire: false }\n'),
  },
  {
    what: 'sshd offers what is given up',
    guest: 'much is wrong',
    finds: ['ssh-policy'],
    says: /ciphers has aes128-cbc$/,
    ...sshd('ciphers', 'Ciphers +aes128-cbc\n'),
  },
  {
    what: 'passwords let in',
    guest: 'much is wrong',
    finds: ['root-login', 'ssh-policy'],
    says: /^root refused; the server offers publickey,password$/,
    ...sshd('passwords', 'PasswordAuthentication yes\n'),
  },
  {
    what: 'the default user is turned away',
    finds: ['ssh'],
    says: /^debian@127\.0\.0\.1: Permission denied/,
    ...sshd('turns-away', 'DenyUsers debian\n'),
  },
  {
    what: 'nobody can log in at the console',
    guest: 'much is wrong',
    finds: ['login-prompt'],
    says: /^no sign of life for /,
    requests: ['symlink /etc/systemd/system/serial-getty@ttyS0.service /dev/null'],
  },
  {
    what: 'cloud-init does not start',
    finds: ['cloud-init'],
    says: /^no sign of life for /,
    requests: ['symlink /etc/systemd/system/cloud-init.target /dev/null'],
  },
  {
    what: 'the kernel is started without its initrd: a panic',
    finds: ['login-prompt', 'cloud-init'],
    says: /^the guest gave up: .*Kernel panic/,
    files: { '/boot/grub/grub.cfg': 'linux /vmlinuz console=ttyS0,115200n8\nboot\n' },
  },
  {
    what: 'there is a policy of SELinux that the kernel does not know of',
    finds: ['selinux'],
    says: /the kernel has no SELinux$/,
    requests: ['mkdir /etc/selinux', 'mkdir /etc/selinux/default', 'mkdir /etc/selinux/default/policy'],
    files: { '/etc/selinux/config': 'SELINUX=enforcing\nSELINUXTYPE=default\n' },
  },
  {
    what: 'it restarts again and again',
    finds: ['login-prompt', 'cloud-init'],
    says: /^the guest reset itself$/,
    ...unit('restarts', 'systemctl reboot --force --force', 'DefaultDependencies=no', 'sysinit.target'),
  },
  {
    what: 'cloud-init forgets what it has done',
    guest: 'lives on',
    finds: ['second-boot'],
    says: /^ssh_host_ecdsa_key\.pub has changed from .*config_apt_configure has changed from /,
    ...unit(
      'forgets',
      'rm -rf /var/lib/cloud/instance /var/lib/cloud/instances',
      'DefaultDependencies=no\nAfter=systemd-remount-fs.service\nBefore=cloud-init-local.service',
      'cloud-init.target',
    ),
  },
  {
    what: 'no initrd can be made',
    guest: 'lives on',
    finds: ['kernel-update'],
    says: /^the update (failed|made no initrd)/,
    requests: ['rm /usr/sbin/mkinitramfs'],
  },
  {
    what: 'the power button is not heard',
    guest: 'hears no button',
    finds: ['clean-shutdown'],
    says: /^no sign of life for /,
    files: { '/etc/systemd/logind.conf': '[Login]\nHandlePowerKey=ignore\n' },
  },
  {
    what: 'cloud-init trusts what it knows of an earlier instance',
    finds: ['new-instance'],
    says: /^user-data: no sign of life for /,
    ...cloudConfig('trusts', 'manual_cache_clean: true\n'),
  },
]
