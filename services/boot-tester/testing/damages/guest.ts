import type { RootDamage } from './damage.ts'

/** A way to break a real Debian image that is found in the guest, or on its way there. */
export interface GuestDamage extends RootDamage {
  readonly what: string
  /** Every check that fails, the one that it is for first. */
  readonly finds: readonly [string, ...string[]]
}

/** A unit that runs a command at boot, and the link that starts it. */
function unit(command: string, more = '', wantedBy = 'multi-user.target'): Required<RootDamage> {
  const folder = '/etc/systemd/system'
  const text = `[Unit]\n${more}\n[Service]\nType=oneshot\nExecStart=/bin/sh -c '${command}'\n`
  return {
    requests: [
      `mkdir ${folder}/${wantedBy}.wants`,
      `symlink ${folder}/${wantedBy}.wants/damage.service ${folder}/damage.service`,
    ],
    files: { [`${folder}/damage.service`]: text },
  }
}

const cloudConfig = (text: string) => ({ files: { '/etc/cloud/cloud.cfg.d/98_damage.cfg': text } })
const sshd = (text: string) => ({ files: { '/etc/ssh/sshd_config.d/05-damage.conf': text } })

/** At least one for each check of a guest; a test holds the two together. `npm run prove -- damages` boots them. */
export const guestDamages: readonly GuestDamage[] = [
  { what: 'a unit fails', finds: ['failed-units'], ...unit('exit 1') },
  { what: 'something listens', finds: ['listening-ports'], ...unit('systemd-run python3 -m http.server 8000') },
  {
    what: 'the kernel met a bug',
    finds: ['kernel-errors'],
    ...unit('echo "<2>BUG: unable to handle page fault" >/dev/kmsg'),
  },
  { what: 'the journal has an error', finds: ['journal'], ...unit('echo all is lost | systemd-cat --priority=err') },
  {
    what: 'the disk is full',
    finds: ['space-left'],
    ...unit(
      'fallocate --length=2GiB /filler',
      'After=cloud-init.service\nBefore=cloud-final.service',
      'cloud-init.target',
    ),
  },
  {
    what: 'the machine has no id',
    finds: ['machine-id', 'journal'],
    ...unit(
      'mount --bind /dev/null /etc/machine-id',
      'After=cloud-init.service\nBefore=cloud-final.service',
      'cloud-init.target',
    ),
  },
  {
    what: 'a kernel is installed that does not boot',
    finds: ['running-kernel'],
    requests: ['mkdir /usr/lib/modules/99.0'],
  },
  { what: 'free blocks cannot be told', finds: ['trim'], requests: ['rm /usr/sbin/fstrim'] },
  {
    what: 'the root does not grow',
    finds: ['root-grown', 'space-left'],
    requests: ['rm /usr/bin/growpart'],
  },
  { what: 'the name of the cloud is not taken', finds: ['hostname'], ...cloudConfig('preserve_hostname: true\n') },
  { what: 'cloud-init warns', finds: ['cloud-init-log'], ...cloudConfig('- not\n- a: mapping\n') },
  {
    what: 'the default user has a password',
    finds: ['locked-accounts'],
    ...cloudConfig('password: secret\nchpasswd: { expire: false }\n'),
  },
  { what: 'sshd offers what is given up', finds: ['ssh-policy'], ...sshd('Ciphers +aes128-cbc\n') },
  { what: 'passwords let in', finds: ['root-login', 'ssh-policy'], ...sshd('PasswordAuthentication yes\n') },
  { what: 'the default user is turned away', finds: ['ssh'], ...sshd('DenyUsers debian\n') },
  {
    what: 'nobody can log in at the console',
    finds: ['login-prompt'],
    requests: ['symlink /etc/systemd/system/serial-getty@ttyS0.service /dev/null'],
  },
  {
    what: 'cloud-init does not start',
    finds: ['cloud-init'],
    requests: ['symlink /etc/systemd/system/cloud-init.target /dev/null'],
  },
  { what: 'the initrd is empty: a panic', finds: ['login-prompt', 'cloud-init'], files: { '/initrd.img': '' } },
  {
    what: 'there is a policy of SELinux that the kernel does not know of',
    finds: ['selinux'],
    requests: ['mkdir /etc/selinux', 'mkdir /etc/selinux/default', 'mkdir /etc/selinux/default/policy'],
    files: { '/etc/selinux/config': 'SELINUX=enforcing\nSELINUXTYPE=default\n' },
  },
  {
    what: 'it restarts again and again',
    finds: ['login-prompt', 'cloud-init'],
    ...unit('systemctl reboot --force --force', 'DefaultDependencies=no', 'sysinit.target'),
  },
  {
    what: 'cloud-init forgets what it has done',
    finds: ['second-boot'],
    ...unit(
      'rm -rf /var/lib/cloud/instance /var/lib/cloud/instances',
      'DefaultDependencies=no\nAfter=systemd-remount-fs.service\nBefore=cloud-init-local.service',
      'cloud-init.target',
    ),
  },
  { what: 'no initrd can be made', finds: ['kernel-update'], requests: ['rm /usr/sbin/mkinitramfs'] },
  {
    what: 'the power button is not heard',
    finds: ['clean-shutdown'],
    files: { '/etc/systemd/logind.conf': '[Login]\nHandlePowerKey=ignore\n' },
  },
  {
    what: 'cloud-init trusts what it knows of an earlier instance',
    finds: ['new-instance'],
    ...cloudConfig('manual_cache_clean: true\n'),
  },
]
