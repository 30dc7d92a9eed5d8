import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, open, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { checkOutgoing } from '#events/parse.ts'
import { seal } from '#events/envelope.ts'
import type { ImageConverted } from '#events/image-converted.ts'
import { run } from '#subprocess/run.ts'
import { systemPython } from '#subprocess/system-python.ts'
import { listPieces } from './pieces/piece-cache.ts'
import { quickFormats, setUp } from './testing/set-up.ts'

describe('a built image', () => {
  it('is converted to every format of its plan, in the order of the plan', async () => {
    await using scene = await setUp()
    const said = await scene.convert()
    const [event] = Array.isArray(said) ? said : []
    if (event?.subject !== 'image.converted.v1') throw new Error(`said ${JSON.stringify(said)}`)
    checkOutgoing(seal(event, { now: new Date() }))
    const { artifacts, disk } = event.body as ImageConverted
    expect(disk).toEqual(scene.disk)
    expect(artifacts.map((one) => one.format)).toEqual(['qcow2', 'raw.xz', 'raw.tar.xz'])
    for (const artifact of artifacts) await scene.artifacts.verify(artifact)
    expect(await scene.drafts()).toEqual([])
  })

  it('gives the same bytes on every machine, whatever its number of cores', async () => {
    const noise = randomBytes(1_500_000)
    const digests = []
    for (const threads of [2, 1, 2]) {
      await using scene = await setUp({ noise, threads })
      digests.push((await artifactsOf(scene.convert())).map((one) => one.sha256))
    }
    expect(digests[1]).toEqual(digests[0])
    expect(digests[2]).toEqual(digests[0])
  })

  it('is converted again without harm when its event comes twice', async () => {
    await using scene = await setUp()
    const first = await artifactsOf(scene.convert())
    const kept = await scene.kept()
    expect(await artifactsOf(scene.convert())).toEqual(first)
    expect(await scene.kept()).toBe(kept)
  })

  it('is compressed once for both xz formats of one level, and once for each of two levels', async () => {
    await using scene = await setUp()
    const [alone, archived] = await artifactsOf(
      scene.convert({
        formats: [
          { format: 'raw.xz', level: 1 },
          { format: 'raw.tar.xz', level: 1 },
        ],
      }),
    )
    if (!alone || !archived) throw new Error('two artifacts are missing')
    const stream = await readFile(await scene.artifacts.open(alone))
    expect((await readFile(await scene.artifacts.open(archived))).includes(stream)).toBe(true)
    const [, other] = await artifactsOf(
      scene.convert({
        formats: [
          { format: 'raw.xz', level: 1 },
          { format: 'raw.tar.xz', level: 0 },
        ],
      }),
    )
    expect(other?.size).toBeGreaterThan(archived.size)
  })

  it('shows one bar for making and one for verifying, and neither goes back', async () => {
    await using scene = await setUp()
    await scene.convert()
    for (const verb of ['compressing', 'verifying']) {
      const shown = scene.progress.filter(({ phase }) => phase.startsWith(verb))
      const done = shown.map((step) => (step.done ?? 0) / (step.total ?? 1))
      expect(done.length).toBeGreaterThan(3)
      expect(done).toEqual([...done].sort((a, b) => a - b))
      expect(done.at(-1)).toBe(1)
    }
  })
})

describe('what was compressed before', () => {
  it('is not compressed again: of a second disk only the pieces that differ are new', async () => {
    const noise = randomBytes(1_500_000)
    await using first = await setUp({ noise })
    const cacheFolder = join(first.root, 'pieces')
    await first.convert()
    const before = await countPieces(cacheFolder)
    expect(before).toEqual({ 'qcow2-zlib-5': 7, 'xz-0-7zip': 6 })
    await using second = await setUp({ noise, cacheFolder, prepare: (path) => overwrite(path, 2_000_000) })
    await second.convert()
    expect(await countPieces(cacheFolder)).toEqual({ 'qcow2-zlib-5': 8, 'xz-0-7zip': 7 })
  })

  it('is shared by conversions at the same time, which make the same files', async () => {
    const noise = randomBytes(1_500_000)
    await using one = await setUp({ noise })
    await using other = await setUp({ noise, cacheFolder: join(one.root, 'pieces'), threads: 1 })
    const [made, alike] = await Promise.all([artifactsOf(one.convert()), artifactsOf(other.convert())])
    expect(alike).toEqual(made)
    expect(await artifactsOf(other.convert())).toEqual(made)
  })
})

describe('a plan that cannot be made', () => {
  it.each([
    [
      'zstd for readers of before 2013',
      { formats: [{ format: 'qcow2' as const, compat: '0.10' as const, compression: 'zstd' as const }] },
      /qcow2 with compat 0\.10 cannot be compressed with zstd/,
    ],
    [
      'one format twice',
      {
        formats: [
          { format: 'raw.xz' as const, level: 1 },
          { format: 'raw.xz' as const, level: 6 },
        ],
      },
      /raw\.xz is wanted twice/,
    ],
    [
      'a name that no tar can hold',
      { recipe: 'a'.repeat(90) },
      /recipe: a+-ec2-x86_64\.raw is longer than the 99 bytes/,
    ],
  ])('is refused with its reason: %s', async (_, image, reason) => {
    await using scene = await setUp()
    expect(await scene.convert(image)).toMatchObject([
      {
        subject: 'image.failed.v1',
        body: {
          failure: { step: 'converter', class: 'refused', reason: expect.stringMatching(reason) as string, log: null },
        },
      },
    ])
    expect(scene.progress).toEqual([])
  })

  it('is refused when the disk is not whole sectors', async () => {
    await using scene = await setUp({ size: 10_000_001 })
    expect(await scene.convert()).toMatchObject([
      {
        body: {
          failure: { class: 'refused', reason: 'disk: 10000001 bytes are not a whole number of 512-byte sectors' },
        },
      },
    ])
  })
})

describe('a conversion that cannot go on', () => {
  it.each([
    ['a comparison with the disk itself', quickFormats.slice(0, 1)],
    ['a decoding to its digest', quickFormats.slice(1, 2)],
    ['both', quickFormats],
  ])('names a disk that is not what was kept, when the proof is %s', async (_, formats) => {
    await using scene = await setUp()
    const path = await scene.artifacts.open(scene.disk)
    await overwrite(path, 3_000_000)
    await expect(scene.convert({ formats })).rejects.toMatchObject({
      name: 'PermanentError',
      failureClass: 'environment',
      message: expect.stringContaining(`the artifact ${scene.disk.sha256} (raw) now reads as`) as string,
    })
    expect(await scene.kept()).toBe(1)
    expect(await scene.drafts()).toEqual([])
  })

  it('names a disk that is too short or not there', async () => {
    await using scene = await setUp()
    const longer = { ...scene.disk, size: scene.disk.size + 512 }
    await expect(scene.convert(undefined, longer)).rejects.toMatchObject({
      failureClass: 'environment',
      message: expect.stringContaining(`has ${String(scene.disk.size)} bytes instead of`) as string,
    })
    const missing = { ...scene.disk, sha256: '0'.repeat(64) }
    await expect(scene.convert(undefined, missing)).rejects.toMatchObject({
      failureClass: 'environment',
      message: expect.stringContaining('0000 (raw) is not in') as string,
    })
  })

  it.each(['7zz', 'xz', 'qemu-img', 'python3'])('names the tool that is missing: %s', async (missing) => {
    await using scene = await setUp()
    await withoutTool(missing)
    await expect(scene.convert()).rejects.toMatchObject({
      name: 'PermanentError',
      failureClass: 'environment',
      message: `${missing} is not installed; \`imagedrop doctor\` tells how to install it`,
    })
    expect(await scene.kept()).toBe(1)
    expect(await scene.drafts()).toEqual([])
  })

  it('ends its tools and leaves no draft when it is aborted in the middle', async () => {
    await using scene = await setUp({ size: 256 * 1024 * 1024, noise: randomBytes(20_000_000) })
    const ended = scene.convert().catch((error: unknown) => error)
    // Each works on one piece, so that they come and go.
    let tools: string[] = []
    while (scene.progress.length < 3 || tools.length < 2) {
      await sleep(5)
      tools = await toolsOf(process.pid)
    }
    const reason = new Error('the drop was cancelled')
    scene.controller.abort(reason)
    expect(await ended).toBe(reason)
    expect(tools.filter(isAlive)).toEqual([])
    expect(await scene.kept()).toBe(1)
    expect(await scene.drafts()).toEqual([])
  })

  it('leaves only drafts, and no tool at work, when its process is killed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'imagedrop-killed-'))
    folders.push(folder)
    const child = spawn(process.execPath, [join(import.meta.dirname, 'testing/convert-alone.ts'), folder, 'all', '256'])
    const closed = once(child, 'close')
    let tools: string[] = []
    while (tools.length < 2) tools = await toolsOf(child.pid ?? 0)
    child.kill('SIGKILL')
    expect(await closed).toEqual([null, 'SIGKILL'])
    while (tools.some(isAlive)) await sleep(5)
    const left = await readdir(join(folder, 'artifacts'))
    // Besides the drafts only the disk, in the folder that is named for its digest.
    expect(left.filter((name) => name !== 'drafts')).toHaveLength(1)
  })

  it('says which setting lacks the memory that a level needs', async () => {
    await using scene = await setUp({ memoryMib: 512 })
    await expect(scene.convert({ formats: [{ format: 'raw.xz', level: 9 }] })).rejects.toMatchObject({
      failureClass: 'environment',
      message: 'IMAGEDROP_CONVERTER_MEMORY_MIB is 512, but level 9 of xz needs 1126',
    })
  })

  it.each([
    ['qcow2', 3],
    ['raw.xz', 3],
    ['raw.tar.xz', 4],
  ])('says that the disk is full while it writes the %s', async (format, room) => {
    const { stdout } = await onSmallDisk(format, room)
    const { error, drafts, kept } = JSON.parse(stdout) as { error: unknown; drafts: string[]; kept: number }
    expect(error).toMatchObject({ name: 'PermanentError', failureClass: 'capacity' })
    expect(error).toMatchObject({
      message: expect.stringMatching(/^the disk is full: .{1,300}no space left.{0,20}$/i) as string,
    })
    expect(drafts).toEqual([])
    expect(kept).toBe(1)
  })
})

async function artifactsOf(said: ReturnType<Awaited<ReturnType<typeof setUp>>['convert']>) {
  const events = await said
  const [event] = Array.isArray(events) ? events : []
  if (event?.subject !== 'image.converted.v1') throw new Error(`said ${JSON.stringify(events)}`)
  return (event.body as ImageConverted).artifacts
}

async function countPieces(folder: string): Promise<Record<string, number>> {
  const pieces = Map.groupBy(await listPieces(folder), ({ kind }) => kind)
  return Object.fromEntries([...pieces].map(([kind, some]) => [kind, some.length]))
}

async function overwrite(path: string, position: number): Promise<void> {
  await using file = await open(path, 'r+')
  await file.write(Buffer.from('these bytes were not there'), 0, null, position)
}

const path = process.env['PATH'] ?? ''
const folders: string[] = []

/** A PATH with the converter's tools but one. */
async function withoutTool(missing: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-tools-'))
  folders.push(folder)
  await mkdir(join(folder, 'bin'))
  for (const tool of ['7zz', 'xz', 'qemu-img', 'python3'].filter((name) => name !== missing)) {
    await symlink(await whereIs(tool === 'python3' ? systemPython() : tool), join(folder, 'bin', tool))
  }
  process.env['PATH'] = join(folder, 'bin')
}

async function whereIs(tool: string): Promise<string> {
  const { stdout } = await run('which', [tool])
  return stdout.trim()
}

afterEach(async () => {
  process.env['PATH'] = path
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

/** The tools at work that a process started. */
async function toolsOf(pid: number): Promise<string[]> {
  const children = await readFile(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')
  return children.trim().split(' ').filter(Boolean)
}

function isAlive(pid: string): boolean {
  return existsSync(`/proc/${pid}`)
}

/**
 * Runs testing/convert-alone.ts with its store on a file system of `room` MiB, which holds the disk and not all that is
 * made of it. It is mounted in a namespace of its own, by the namespace's root where we are not root.
 */
async function onSmallDisk(format: string, room: number) {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-small-'))
  folders.push(folder)
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const script = 'mount -t tmpfs -o size="$6"m tmpfs "$1" && exec "$2" "$3" "$1" "$4" "$5"'
  const program = join(import.meta.dirname, 'testing/convert-alone.ts')
  return await run('unshare', [
    ...asRoot,
    '--mount',
    'sh',
    '-c',
    script,
    'sh',
    folder,
    process.execPath,
    program,
    format,
    '8',
    String(room),
  ])
}
