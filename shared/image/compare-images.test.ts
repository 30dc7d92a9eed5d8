import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compareImages } from './compare-images.ts'
import { comparison } from './comparison/comparison.ts'
import { dpkgStanza, makeFileSystem, openWorkshop, type SystemOptions } from './testing/disk.ts'

let workshop: Awaited<ReturnType<typeof openWorkshop>>
let plain: string
beforeAll(async () => {
  workshop = await openWorkshop()
  plain = await makeFileSystem(workshop.folder)
})
afterAll(async () => {
  await workshop[Symbol.asyncDispose]()
})

async function compare(a: string, b: string) {
  const options = { scratch: workshop.folder, acrossEngines: false }
  return comparison.parse(await compareImages({ name: 'a', path: a }, { name: 'b', path: b }, options))
}

/** Each difference in a line: `section name aspect: a → b`. */
function linesOf({ differences }: Awaited<ReturnType<typeof compare>>): string[] {
  return differences.map(({ section, name, aspect, a, b }) => {
    const value = (text: string | null) => (text !== null && /^[0-9a-f]{64}$/.test(text) ? '#' : text)
    return `${section} ${name} ${aspect}: ${String(value(a))} → ${String(value(b))}`
  })
}

const grub = (line: string) => ({ '/boot/grub/grub.cfg': `menuentry "Small" {\n  linux /vmlinuz ${line}\n}\n` })
/** cap_net_raw=ep, as the kernel keeps it. */
const netRaw = '\\001\\000\\000\\002\\000\\040\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000'

describe('finds a difference and nothing else:', () => {
  it.each<[string, SystemOptions, string[]]>([
    ['none', {}, []],
    [
      'a version',
      { files: { '/var/lib/dpkg/status': dpkgStanza('tool', '1.0-2') + dpkgStanza('other', '2:3.4') } },
      ['packages tool:amd64 version: 1.0-1 → 1.0-2'],
    ],
    [
      'a package',
      { files: { '/var/lib/dpkg/status': dpkgStanza('tool', '1.0-1') } },
      ['packages other:amd64 presence: 2:3.4 → null'],
    ],
    [
      'a package that is half installed',
      {
        files: {
          '/var/lib/dpkg/status':
            dpkgStanza('tool', '1.0-1').replace('ok installed', 'ok half-installed') + dpkgStanza('other', '2:3.4'),
        },
      },
      ['packages tool:amd64 state: null → install ok half-installed'],
    ],
    [
      'the content of a file, of the same size',
      { files: { '/usr/share/other': 'rehto\n' } },
      ['files /usr/share/other content: # → #'],
    ],
    ['the size of a file', { files: { '/usr/share/other': '' } }, ['files /usr/share/other size: 6 → 0']],
    [
      'a file too many',
      { files: { '/usr/share/new': 'new' } },
      ['files /usr/share/new presence: null → file, mode 0644, owner root:root, size 3'],
    ],
    [
      'a file that is a link',
      { files: { '/usr/share/other': null }, links: { '/usr/share/other': 'tool/data' } },
      ['files /usr/share/other type: file → symlink', 'files /usr/share/other target: null → tool/data'],
    ],
    [
      'where a link leads',
      { links: { '/usr/share/long': '/usr/share/short' } },
      [expect.stringMatching(/^files \/usr\/share\/long target: .* → \/usr\/share\/short$/)],
    ],
    ['a mode', { change: ['set_inode_field /etc/fstab mode 0100600'] }, ['files /etc/fstab mode: 0644 → 0600']],
    ['an owner', { change: ['set_inode_field /etc/fstab uid 7'] }, ['files /etc/fstab owner: root:root → small:root']],
    [
      'a group without a name',
      { change: ['set_inode_field /etc/fstab gid 100000'] },
      ['files /etc/fstab owner: root:root → root:100000'],
    ],
    [
      'a set-user-ID bit',
      { change: ['set_inode_field /usr/bin/tool mode 0104755'] },
      ['same-tool', 'tool'].map((name) => `privileges /usr/bin/${name} mode: 0755 → 4755`),
    ],
    [
      'capabilities',
      { change: [`ea_set /usr/share/other security.capability ${netRaw}`] },
      ['privileges /usr/share/other capabilities: null → cap_net_raw=ep'],
    ],
    [
      'an SELinux label',
      { change: ['ea_set /usr/share/other security.selinux system_u:object_r:usr_t:s0'] },
      ['files /usr/share/other SELinux label: null → system_u:object_r:usr_t:s0'],
    ],
    [
      'another attribute, as long as a block',
      { change: [`ea_set /usr/share/other user.note ${'x'.repeat(900)}`] },
      [`files /usr/share/other attribute user.note: null → 0x${'78'.repeat(900)}`],
    ],
    [
      'a unit that is not enabled',
      {
        links: {
          '/etc/systemd/system/multi-user.target.wants/ssh.service': null,
          '/etc/systemd/system/sshd.service': null,
        },
      },
      ['units system ssh.service presence: wanted by multi-user.target, alias sshd.service → null'],
    ],
    [
      'a unit that is masked',
      { links: { '/etc/systemd/system/timer.service': '/dev/null' } },
      ['units system timer.service presence: null → masked yes'],
    ],
    [
      'a unit that is another file',
      { links: { '/etc/systemd/system/multi-user.target.wants/ssh.service': '/tmp/ssh.service' } },
      ['units system ssh.service file: null → /tmp/ssh.service'],
    ],
    [
      'a user',
      { files: { '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nsmall:x:7:7:Small:/home/small:/bin/bash\n' } },
      ['users user small shell: /bin/sh → /bin/bash'],
    ],
    [
      'a second line of a user, whichever comes first',
      {
        files: {
          '/etc/passwd':
            'root:x:0:0:root:/root:/bin/sh\nsmall:x:0:0:Small:/home/small:/bin/sh\nsmall:x:7:7:Small:/home/small:/bin/sh\n',
        },
      },
      [
        'users user small uid: 7 → 0',
        'users user small gid: 7 → 0',
        'users user small (line 2) presence: null → uid 7, gid 7, home /home/small, shell /bin/sh, description Small',
      ],
    ],
    [
      'a password',
      { files: { '/etc/shadow': 'root::20000:0:99999:7:::\nsmall:!:20000:0:99999:7:::\n' } },
      ['users user root password: locked → none is asked for'],
    ],
    [
      'who is in a group',
      { files: { '/etc/group': 'root:x:0:\nsmall:x:7:small,root\n' } },
      ['users group small members: root → root, small'],
    ],
    [
      'a kernel argument',
      { files: grub('root=LABEL=root ro console=ttyS0 quiet') },
      [
        'kernel arguments quiet presence: null → ',
        'kernel arguments root value: UUID of its own root file system → label of its own root file system',
        'files /boot/grub/grub.cfg size: 126 → 78',
      ],
    ],
  ])('%s', async (_, system, lines) => {
    expect(linesOf(await compare(plain, await makeFileSystem(workshop.folder, system)))).toEqual(lines)
  })
})
