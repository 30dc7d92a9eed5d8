import { execFile } from 'node:child_process'
import { cp, open, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { sha256OfFile } from '#artifacts/digest.ts'
import type { FormatPlan } from '#events/vocabulary.ts'
import type { Conversion } from '../conversion.ts'
import { NotTheDisk } from '../failures.ts'
import { cloudFormats, quickFormats, setUp } from '../testing/set-up.ts'
import type { MadeFile } from './format.ts'
import { makeFormats } from './make-formats.ts'
import { readQcow2Header } from '#disk/qcow2-header.ts'

const shell = promisify(execFile)

describe.each([
  ...quickFormats,
  ...cloudFormats,
  { format: 'qcow2', compat: '0.10', compression: 'zlib' },
  { format: 'qcow2', compat: '1.1', compression: 'zstd' },
  { format: 'qcow2', compat: '0.10', compression: 'none' },
] satisfies FormatPlan[])('the format $format $compat $compression', (plan) => {
  it('tells the digest of the file that it made, and proves it', async () => {
    await using scene = await setUp()
    await using conversion = await scene.conversion()
    const made = await makeOne(plan, conversion)
    expect(await sha256OfFile(made.draft.path)).toBe(made.sha256)
    await made.verify()
  })

  it.each([
    ['a byte in its middle is another', damageMiddle],
    ['its end is missing', (path: string) => cutEnd(path)],
    ['it is empty', (path: string) => truncate(path, 0)],
  ])('is not proved when %s', async (_, damage) => {
    await using scene = await setUp()
    await using conversion = await scene.conversion()
    const made = await makeOne(plan, conversion)
    await damage(made.draft.path)
    await expect(made.verify()).rejects.toThrow(NotTheDisk)
  })

  it('is not proved when it is a faultless file of another disk', async () => {
    await using scene = await setUp()
    await using conversion = await scene.conversion()
    const made = await makeOne(plan, conversion)
    await using other = await setUp()
    await using otherConversion = await other.conversion()
    const otherMade = await makeOne(plan, otherConversion)
    await cp(otherMade.draft.path, made.draft.path)
    await expect(made.verify()).rejects.toThrow(NotTheDisk)
  })
})

describe('the qcow2', () => {
  const incompatible = async (compat: '0.10' | '1.1', compression: 'none' | 'zlib' | 'zstd') => {
    await using scene = await setUp()
    await using conversion = await scene.conversion()
    const made = await makeOne({ format: 'qcow2', compat, compression }, conversion)
    return (await readQcow2Header(made.draft.path))?.incompatibleFeatures
  }

  it('asks for nothing that a reader of QEMU 2 lacks, but for zstd', async () => {
    expect(await incompatible('0.10', 'zlib')).toBe(0n)
    expect(await incompatible('1.1', 'none')).toBe(0n)
    expect(await incompatible('1.1', 'zlib')).toBe(0n)
    expect(await incompatible('1.1', 'zstd')).toBe(8n)
  })

  it.each([
    ['a feature that old readers lack', 72, '0000000000000010', /incompatible features 0x10 instead of 0x0/],
    ['a backing file', 8, '0000000000000200', /backing file/],
  ])('is not proved when its header asks for %s', async (_, position, bytes, reason) => {
    await using scene = await setUp()
    await using conversion = await scene.conversion()
    const made = await makeOne({ format: 'qcow2', compat: '1.1', compression: 'zlib' }, conversion)
    await using file = await open(made.draft.path, 'r+')
    await file.write(Buffer.from(bytes, 'hex'), 0, 8, position)
    await expect(made.verify()).rejects.toThrow(reason)
  })
})

it('a raw.xz is proved by decoding the archive around it, and not when that archive is damaged', async () => {
  await using scene = await setUp()
  await using conversion = await scene.conversion()
  const [alone, archive] = await makeFormats(quickFormats.slice(1), conversion)
  if (!alone || !archive) throw new Error('two formats were asked for')
  await damageMiddle(archive.draft.path)
  await expect(alone.verify()).rejects.toThrow('the raw.tar.xz made of the disk')
})

describe('the raw.tar.xz', () => {
  it('is read by GNU tar and by Python, which find the disk in it under a lasting name', async () => {
    await using scene = await setUp()
    await using conversion = await scene.conversion()
    const [alone, archive] = await makeFormats(quickFormats.slice(1), conversion)
    if (!alone || !archive) throw new Error('two formats were asked for')
    const name = 'fedora-43-ec2-x86_64.raw'
    const path = archive.draft.path

    const { stdout: listed } = await shell('tar', ['--list', '--verbose', '--utc', '--full-time', '--file', path])
    expect(listed.replace(/ +/g, ' ')).toBe(`-rw-r--r-- 0/0 ${String(scene.disk.size)} 2013-05-21 00:00:00 ${name}\n`)
    const { stderr } = await shell('tar', ['--extract', '--xz', '--file', path, '--directory', scene.root])
    expect(stderr).toBe('')
    expect(await sha256OfFile(join(scene.root, name))).toBe(scene.disk.sha256)

    const { stdout: python } = await shell('python3', ['-c', readWithPython, path, alone.draft.path])
    expect(JSON.parse(python)).toEqual({
      members: [[name, scene.disk.size, 0, 0, 0o644, Date.UTC(2013, 4, 21) / 1000]],
      member: scene.disk.sha256,
      alone: scene.disk.sha256,
    })
  })

  it('holds the bytes of an archive that GNU tar makes', async () => {
    await using scene = await setUp()
    await using conversion = await scene.conversion()
    const [plan] = quickFormats.slice(2)
    if (!plan) throw new Error('there is no raw.tar.xz')
    const made = await makeOne(plan, conversion)
    const { stdout } = await shell('sh', ['-c', 'xz -dc "$0" | sha256sum', made.draft.path])

    const name = 'fedora-43-ec2-x86_64.raw'
    await cp(conversion.disk.path, join(scene.root, name))
    const args = [
      '--format=gnu',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '--mode=0644',
      '--mtime=2013-05-21 00:00Z',
    ]
    await shell('tar', ['--create', ...args, '--file', 'made.tar', name], { cwd: scene.root })
    expect(stdout.slice(0, 64)).toBe(await sha256OfFile(join(scene.root, 'made.tar')))
  })
})

const readWithPython = `
import hashlib, json, lzma, sys, tarfile
with tarfile.open(sys.argv[1], 'r:xz') as archive:
    members = [[m.name, m.size, m.uid, m.gid, m.mode, m.mtime] for m in archive.getmembers()]
    member = hashlib.sha256(archive.extractfile(archive.getmembers()[0]).read()).hexdigest()
alone = hashlib.sha256(lzma.open(sys.argv[2]).read()).hexdigest()
print(json.dumps({'members': members, 'member': member, 'alone': alone}))
`

async function makeOne(plan: FormatPlan, conversion: Conversion): Promise<MadeFile> {
  const [made] = await makeFormats([plan], conversion)
  if (!made) throw new Error(`no ${plan.format} was made`)
  return made
}

async function damageMiddle(path: string): Promise<void> {
  const { size } = await stat(path)
  await using file = await open(path, 'r+')
  const position = Math.floor(size / 2)
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position)
  await file.write(Buffer.from([buffer.readUInt8(0) ^ 0xff]), 0, 1, position)
}

async function cutEnd(path: string): Promise<void> {
  const { size } = await stat(path)
  await truncate(path, Math.floor(size / 2))
}
