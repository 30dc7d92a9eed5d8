import { mkdir, readFile, rename, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DiskUnreadable } from '#disk/errors.ts'
import { run } from '#subprocess/run.ts'
import type { ImageDescription } from './description.ts'
import { readLicenses } from './licenses/read-licenses.ts'
import { readImage } from './read-image.ts'
import { makeFileSystem, makePartitioned, openWorkshop, type SystemOptions } from './testing/disk.ts'

let workshop: Awaited<ReturnType<typeof openWorkshop>>
let folder: string
beforeAll(async () => {
  workshop = await openWorkshop()
  folder = workshop.folder
})
afterAll(async () => {
  await workshop[Symbol.asyncDispose]()
})

async function read(path: string): Promise<ImageDescription> {
  return await readImage(path, { scratch: folder })
}

async function readSystem(system: SystemOptions): Promise<ImageDescription> {
  return await read(await makeFileSystem(folder, system))
}

const gpt = 'label: gpt\nlabel-id: 01234567-89AB-CDEF-0123-456789ABCDEF\n'

it('tells the partitions of a GPT, and compares by its bytes what it cannot read', async () => {
  const table = `${gpt}start=2048, size=40960, type=L, name=root\nstart=43008, size=2048, type=U, name=esp\n`
  const disk = await makePartitioned(await makeFileSystem(folder), table)
  const { facts, system } = await read(disk)
  expect(system).toBe('Small Linux 1')
  expect(facts.partitions.get('disk')).toMatchObject({ size: '25165824', table: 'gpt' })
  expect(facts.partitions.get('root')).toMatchObject({ number: '1', start: '1048576', name: 'root', holds: 'ext4' })
  const esp = facts.partitions.get('partition 2')
  expect(esp).toMatchObject({ type: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B', name: 'esp', holds: 'no file system' })
  const bytes = await readFile(disk)
  bytes.write('else', 43008 * 512 + 100_000)
  await writeFile(`${disk}.other`, bytes)
  expect((await read(`${disk}.other`)).facts.partitions.get('partition 2')?.['content']).not.toBe(esp?.['content'])
})

it('tells the partitions of an MBR, also those within another, and its boot code', async () => {
  const table =
    'label: dos\nstart=2048, size=40960, type=83, bootable\nstart=43008, size=4096, type=5\nstart=45056, size=1024, type=82\n'
  const disk = await makePartitioned(await makeFileSystem(folder), table)
  const { partitions } = (await read(disk)).facts
  expect(partitions.get('root')).toMatchObject({ type: '83', bootable: 'yes' })
  expect(partitions.get('partition 2')).toMatchObject({ type: '5', holds: 'other partitions' })
  expect(partitions.get('partition 5')).toMatchObject({ type: '82', holds: 'no file system' })
  const bytes = await readFile(disk)
  bytes.write('GRUB', 600)
  await writeFile(`${disk}.other`, bytes)
  const other = (await read(`${disk}.other`)).facts.partitions.get('disk')
  expect(other?.['boot code']).not.toBe(partitions.get('disk')?.['boot code'])
})

it('puts other file systems where fstab mounts them', async () => {
  const boot = join(folder, 'boot.raw')
  await writeFile(boot, '')
  await truncate(boot, 2 * 1024 ** 2)
  await mkdir(join(folder, 'boot-tree'))
  await writeFile(join(folder, 'boot-tree', 'vmlinuz'), 'kernel')
  await run('mke2fs', ['-q', '-t', 'ext2', '-L', 'boot', '-d', join(folder, 'boot-tree'), boot])
  const root = await makeFileSystem(folder, {
    files: { '/etc/fstab': 'LABEL=boot /boot ext2 defaults 0 2\n', '/boot/hidden': '' },
  })
  const disk = await makePartitioned(root, `${gpt}start=2048, size=32768\nstart=34816, size=4096\n`)
  await run('dd', [`if=${boot}`, `of=${disk}`, 'bs=1M', 'seek=17', 'conv=notrunc', 'status=none'])
  const { files } = (await read(disk)).facts
  expect(files.get('/boot/vmlinuz')).toMatchObject({ type: 'file', size: '6' })
  expect(files.get('/boot')).toMatchObject({ type: 'directory' })
})

describe('the kernel arguments', () => {
  const without = { '/boot/grub/grub.cfg': null }
  it.each<[string, Record<string, string | null>, string]>([
    [
      'of GRUB, with its variables and what it sources',
      {
        '/boot/grub/grub.cfg':
          'set options="console=tty0 console=ttyS0"\nif [ -f $prefix/custom.cfg ]; then source $prefix/custom.cfg; fi\nmenuentry "a" {\n linux /vmlinuz ro $options ${unknown}\n}\nmenuentry "b" {\n linux /old single\n}\n',
        '/boot/grub/custom.cfg': 'set options="$options quiet"\n',
      },
      'ro console=tty0 ttyS0 quiet ${unknown}',
    ],
    [
      'of the newest entry of the Boot Loader Specification',
      {
        '/boot/loader/entries/a-6.1.conf': 'title Old\noptions old\n',
        '/boot/loader/entries/a-6.2.conf': 'title New\nlinux /vmlinuz\noptions ro rhgb\noptions quiet\n',
      },
      'ro rhgb quiet',
    ],
    [
      'of an entry on an ESP that fstab does not mount',
      { ...without, '/partition 1/loader/entries/a-6.1.conf': 'title New\nlinux /vmlinuz\noptions ro quiet\n' },
      'ro quiet',
    ],
    [
      'of extlinux',
      { ...without, '/boot/extlinux/extlinux.conf': 'label a\n  append ro quiet\nlabel b\n  append no\n' },
      'ro quiet',
    ],
    ['of the list', { ...without, '/etc/kernel/cmdline': 'ro a=b=c\n' }, 'ro a=b=c'],
    ['of nobody', without, ''],
  ])('%s', async (_, files, expected) => {
    const facts = (await readSystem({ files })).facts['kernel arguments']
    const words = [...facts].map(([name, { value = '' }]) => (value === '' ? name : `${name}=${value}`))
    expect(words.join(' ')).toBe(expected)
  })
})

it('never follows a link out of the image, nor for ever', async () => {
  const { facts, system } = await readSystem({
    files: { '/etc/passwd': null, '/etc/os-release': null, '/usr/lib/os-release': 'PRETTY_NAME="Within"\n' },
    links: {
      '/etc/passwd': '../../../../../../etc/hostname',
      '/etc/os-release': '../../usr/lib/os-release',
      '/var/lib/rpm': '/var/lib/rpm',
    },
  })
  expect([...facts.users.keys()].filter((name) => name.startsWith('user '))).toEqual(['user root', 'user small'])
  expect(facts.users.get('user root')?.['shell']).toBeUndefined()
  expect(system).toBe('Within')
})

it('reads the packages of an rpm database, and whose files are whose', async () => {
  const database = join(folder, 'rpmdb')
  const spec = join(folder, 'small.spec')
  await writeFile(
    spec,
    'Name: small\nEpoch: 1\nVersion: 2.0\nRelease: 3\nSummary: Small\nLicense: MIT\nBuildArch: noarch\n%description\nSmall\n%install\nmkdir -p %{buildroot}/usr/share\necho other > %{buildroot}/usr/share/other\n%files\n/usr/share/other\n',
  )
  await run('rpmbuild', [
    '-bb',
    '--define',
    `_topdir ${join(folder, 'rpmbuild')}`,
    '--define',
    '_rpmdir %{_topdir}',
    spec,
  ])
  const built = join(folder, 'rpmbuild', 'noarch', 'small-2.0-3.noarch.rpm')
  await run('rpm', ['--dbpath', database, '--define', '_db_backend sqlite', '--install', '--justdb', '--nodeps', built])
  const content = await readFile(join(database, 'rpmdb.sqlite'))
  const path = join(folder, 'tree-of-rpm')
  await mkdir(join(path, 'usr', 'lib', 'sysimage', 'rpm'), { recursive: true })
  await mkdir(join(path, 'usr', 'share'))
  await writeFile(join(path, 'usr', 'lib', 'sysimage', 'rpm', 'rpmdb.sqlite'), content)
  await writeFile(join(path, 'usr', 'share', 'other'), 'other\n')
  const disk = join(folder, 'rpm.raw')
  await writeFile(disk, '')
  await truncate(disk, 8 * 1024 ** 2)
  await run('mke2fs', ['-q', '-t', 'ext4', '-d', path, disk])
  const { facts, packageOf } = await read(disk)
  expect([...facts.packages]).toEqual([['small:noarch', { version: '1:2.0-3' }]])
  expect(packageOf('/usr/share/other')).toBe('small:noarch')
  const licenses = await readLicenses(disk, { scratch: folder })
  expect([...licenses]).toEqual([['small:noarch', { expression: 'MIT', texts: [] }]])
  expect(facts.files.get('/usr/lib/sysimage/rpm/rpmdb.sqlite')).toEqual({
    type: 'file',
    mode: '0644',
    owner: expect.any(String) as string,
  })
})

describe('says what is wrong with', () => {
  const made = new Map<string, string>()
  beforeAll(async () => {
    const at = (name: string) => {
      made.set(name, join(folder, name))
      return join(folder, name)
    }
    const good = await makeFileSystem(folder)
    await writeFile(at('zeros'), Buffer.alloc(100_000))
    await writeFile(at('empty'), '')
    await rename(await makePartitioned(good, `${gpt}start=2048, size=40960\n`), at('whole'))
    await writeFile(at('short'), (await readFile(join(folder, 'whole'))).subarray(0, 10 * 1024 ** 2))
    const swap = Buffer.alloc(1024 ** 2)
    swap.write('SWAPSPACE2', 4086)
    await writeFile(join(folder, 'swap-only'), swap)
    await rename(
      await makePartitioned(join(folder, 'swap-only'), 'label: dos\nstart=2048, size=2048, type=82\n'),
      at('swap'),
    )
    const squashfs = Buffer.alloc(1024 ** 2)
    squashfs.write('hsqs')
    await writeFile(at('squashfs'), squashfs)
    await mkdir(join(folder, 'nothing'))
    await writeFile(at('no-system'), '')
    await truncate(at('no-system'), 4 * 1024 ** 2)
    await run('mke2fs', ['-q', '-t', 'ext4', at('no-system')])
    await writeFile(join(folder, 'secret'), 'of the host')
    await run('qemu-img', [
      'create',
      '-q',
      '-f',
      'qcow2',
      '-F',
      'raw',
      '-b',
      join(folder, 'secret'),
      at('backed'),
      '1M',
    ])
    const data = `data_file=${join(folder, 'data')},data_file_raw=on`
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', data, at('external'), '1M'])
    await run('qemu-img', ['convert', '-O', 'qcow2', good, join(folder, 'good.qcow2')])
    await writeFile(at('short-qcow2'), (await readFile(join(folder, 'good.qcow2'))).subarray(0, 50))
    await writeFile(at('cut-qcow2'), (await readFile(join(folder, 'good.qcow2'))).subarray(0, 70_000))
    await run('xz', ['--keep', '-0', good])
    await writeFile(at('cut-xz'), (await readFile(`${good}.xz`)).subarray(0, 4_000))
    await run('tar', ['--create', '--xz', '--file', at('archive'), '--directory', folder, 'secret'])
    made.set('folder', folder)
    made.set('missing', join(folder, 'missing'))
  })

  it.each([
    [
      'zeros',
      'no system was found on it: the whole disk holds no file system that is known; files are read of ext2, ext3, ext4, xfs, btrfs and vfat',
    ],
    ['empty', 'is empty'],
    ['short', 'is it cut short?'],
    ['swap', 'no system was found on it: partition 1 holds swap'],
    ['squashfs', 'no system was found on it: the whole disk holds squashfs'],
    ['no-system', 'no system was found on it: the whole disk holds ext4'],
    ['backed', 'is only a part: it names another file'],
    ['external', 'is only a part: it names another file'],
    ['short-qcow2', 'is a qcow2 that is cut short'],
    ['cut-qcow2', 'cannot be unpacked: qemu-img ended with status'],
    ['cut-xz', 'cannot be unpacked: xz ended with status 1'],
    ['archive', 'is an archive: unpack it, and name the disk in it'],
    ['folder', 'is no file'],
    ['missing', 'there is no file'],
  ])('%s', async (name, message) => {
    const reading = read(made.get(name) ?? '')
    await expect(reading).rejects.toThrow(message)
    await expect(reading).rejects.toThrow(DiskUnreadable)
  })
})
