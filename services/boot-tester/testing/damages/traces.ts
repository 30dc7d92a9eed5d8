import { label, type DiskDamage } from './damage.ts'

/** Of what tells of the build, or is a secret. */
export const tracesDamages: readonly DiskDamage[] = [
  {
    check: 'host-keys',
    what: 'host keys are left',
    says: /ssh_host_ed25519_key/,
    files: { '/etc/ssh/ssh_host_ed25519_key.pub': 'ssh-ed25519 AAAA root@builder\n' },
  },
  {
    check: 'machine-id-unset',
    what: 'it has the machine id of the builder',
    says: /5f8c0d3e/,
    files: { '/etc/machine-id': '5f8c0d3e1a2b4c5d6e7f8091a2b3c4d5\n' },
  },
  {
    check: 'random-seed',
    what: 'a random seed is left',
    says: /random-seed/,
    requests: ['mkdir /var/lib/systemd', label('/var/lib/systemd')],
    files: { '/var/lib/systemd/random-seed': 'seed' },
  },
  {
    check: 'random-seed',
    what: 'the boot loader has a random seed',
    says: /ESP: \/loader\/random-seed/i,
    esp: [
      ['mmd', '::/loader'],
      ['mcopy', '/etc/hostname', '::/loader/random-seed'],
    ],
  },
  {
    check: 'secrets',
    what: 'a private key is left',
    says: /id_ed25519 holds a private key/,
    files: { '/root/.ssh/id_ed25519': '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n' },
  },
  {
    check: 'secrets',
    what: 'an access key of a cloud is left',
    says: /environment holds an access key/,
    files: { '/etc/environment': 'AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\n' },
  },
  {
    check: 'secrets',
    what: 'a password stands in an address',
    says: /holds a password in an address/,
    files: { '/etc/proxy': 'proxy = http://builder:hunter2@proxy.example.net:3128/\n' },
  },
  {
    check: 'logs',
    what: 'the log of the build is left',
    says: /dpkg\.log/,
    files: { '/var/log/dpkg.log': 'installed\n' },
  },
  {
    check: 'caches',
    what: 'package lists are left',
    says: /Packages/,
    files: { '/var/lib/apt/lists/bookworm_Packages': 'Package: tool\n' },
  },
  { check: 'leftovers', what: 'a temporary file is left', says: /\/tmp\/build/, files: { '/tmp/build': 'x' } },
  { check: 'leftovers', what: 'shell history is left', says: /bash_history/, files: { '/root/.bash_history': 'ls\n' } },
  {
    check: 'leftovers',
    what: 'cloud-init has run',
    says: /\/var\/lib\/cloud\/instances/,
    requests: [
      'mkdir /var/lib/cloud',
      'mkdir /var/lib/cloud/instances',
      'mkdir /var/lib/cloud/instances/i-1',
      label('/var/lib/cloud'),
      label('/var/lib/cloud/instances'),
      label('/var/lib/cloud/instances/i-1'),
    ],
  },
  {
    check: 'leftovers',
    what: 'a copy of the passwords is left',
    says: /shadow-/,
    files: { '/etc/shadow-': 'root::1::::::\n' },
  },
]
