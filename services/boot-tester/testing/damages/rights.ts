import type { DiskDamage } from './damage.ts'

const users = (line: string) => `root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/usr/sbin/nologin\n${line}\n`
const hashes = (root: string) => `root:${root}:20000:0:99999:7:::\nnobody:*:20000:0:99999:7:::\n`

/** Of who may do what. */
export const rightsDamages: readonly DiskDamage[] = [
  {
    check: 'passwords',
    what: 'root has a password',
    says: /root has a password/,
    files: { '/etc/shadow': hashes('$y$j9T$abc$def') },
  },
  {
    check: 'passwords',
    what: 'root needs no password',
    says: /root needs no password/,
    files: { '/etc/shadow': hashes('') },
  },
  {
    check: 'passwords',
    what: 'another has the rights of root',
    says: /toor has the rights/,
    files: { '/etc/passwd': users('toor:x:0:0::/root:/bin/sh') },
  },
  {
    check: 'passwords',
    what: 'the account of the builder is left',
    says: /builder is an account/,
    files: { '/etc/passwd': users('builder:x:1000:1000::/home/builder:/bin/sh') },
  },
  {
    check: 'authorized-keys',
    what: 'somebody has a key',
    says: /authorized_keys/,
    files: { '/root/.ssh/authorized_keys': 'ssh-ed25519 AAAA builder\n' },
  },
  {
    check: 'sudoers',
    what: 'another may do everything',
    says: /builder ALL/,
    files: { '/etc/sudoers.d/builder': 'builder ALL=(ALL) NOPASSWD: ALL\n' },
  },
  {
    check: 'sudoers',
    what: 'everybody in the group may change it',
    says: /may be changed/,
    requests: ['set_inode_field /etc/sudoers mode 0100464'],
  },
  {
    check: 'privileged-files',
    what: 'a program has the rights of root',
    says: /tool \(4755\)/,
    requests: ['set_inode_field /usr/bin/tool mode 0104755'],
  },
  {
    check: 'privileged-files',
    what: 'others may change a program with the rights of root',
    says: /sudo may be changed/,
    requests: ['set_inode_field /usr/bin/sudo mode 0104775'],
  },
  {
    check: 'world-writable',
    what: 'everybody may change a file',
    says: /tool \(777\)/,
    requests: ['set_inode_field /usr/bin/tool mode 0100777'],
  },
  {
    check: 'world-writable',
    what: 'everybody may remove what is in /tmp',
    says: /\/tmp \(777\)/,
    requests: ['set_inode_field /tmp mode 040777'],
  },
]
