import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { systemPython } from '#subprocess/system-python.ts'
import { overwrite, quickFormats, setUp } from './testing/set-up.ts'

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
