import { randomBytes } from 'node:crypto'
import { mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFolderStore } from '#artifacts/folder.ts'
import type { Progress } from '#bus/bus.ts'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import type { ArtifactRef, FormatPlan, ImagePlan } from '#events/vocabulary.ts'
import { testContext } from '#test/support/context.ts'
import { openConversion } from '../open-conversion.ts'
import { createPieceCache } from '../pieces/piece-cache.ts'
import { converter } from '../service.ts'

const mib = 1024 * 1024

/** The formats of every drop, with settings that are quick to make. */
export const quickFormats: FormatPlan[] = [
  { format: 'qcow2', compat: '1.1', compression: 'zlib' },
  { format: 'raw.xz', level: 0 },
  { format: 'raw.tar.xz', level: 0 },
]

/** What clouds import. */
export const cloudFormats: FormatPlan[] = [{ format: 'vhd' }, { format: 'tar.gz' }]

/** A disk whose data lies between holes, and is partly text, partly noise. */
async function writeDisk(path: string, { size = 8 * mib, noise = randomBytes(mib) } = {}): Promise<void> {
  await using file = await open(path, 'w')
  await file.truncate(size)
  await file.write(noise, 0, noise.length, Math.floor(size / 5))
  await file.write(Buffer.from('Some text that compresses well. '.repeat(40_000)), 0, null, Math.floor(size / 2))
  await file.write(Buffer.from('the last sector'), 0, null, size - 512)
}

interface SetUpOptions {
  /** Where the store is; a new folder if not told. */
  readonly folder?: string
  readonly threads?: number
  readonly memoryMib?: number
  /** Of the encoded pieces; in the store's folder if not told. */
  readonly cacheFolder?: string
  readonly cacheLimit?: number
  readonly size?: number
  readonly noise?: Buffer<ArrayBuffer>
  /** Writes more into the disk. */
  readonly prepare?: (path: string) => Promise<void>
}

/** A store that holds one disk, and a converter to convert it. */
export async function setUp({
  folder,
  threads = 2,
  memoryMib = 1024,
  prepare,
  cacheFolder,
  cacheLimit = 1024 * mib,
  ...diskOptions
}: SetUpOptions = {}) {
  const root = folder ?? (await mkdtemp(join(tmpdir(), 'imagedrop-converter-')))
  const artifacts = await createFolderStore(join(root, 'artifacts'))
  await using draft = await artifacts.draft('disk.raw')
  await writeDisk(draft.path, diskOptions)
  await prepare?.(draft.path)
  const disk = await artifacts.keep(draft, { format: 'raw' })
  const limits = { threads, memoryMib, deadline: 120_000, idleDeadline: 60_000 }
  const cache = createPieceCache({ folder: cacheFolder ?? join(root, 'pieces'), limit: cacheLimit })
  const progress: Progress[] = []
  const controller = new AbortController()
  const context = testContext({
    folder: root,
    signal: controller.signal,
    progress: (step) => progress.push(step),
  })

  const built = (image: Partial<ImagePlan>, of: ArtifactRef = disk) => ({
    ...imageBuilt.example,
    disk: of,
    image: { ...imageBuilt.example.image, ...image },
  })
  return {
    root,
    artifacts,
    disk,
    controller,
    progress,
    convert: (image: Partial<ImagePlan> = { formats: quickFormats }, of?: ArtifactRef) =>
      converter.handle(
        seal(say(imageBuilt, built(image, of)), { now: new Date() }),
        { artifacts, limits, cache },
        context,
      ),
    conversion: () => openConversion(built({}), { artifacts, limits, cache }, context),
    drafts: () => readdir(join(root, 'artifacts', 'drafts')),
    /** How many files the store keeps. */
    async kept() {
      const entries = await readdir(join(root, 'artifacts'), { recursive: true, withFileTypes: true })
      return entries.filter((entry) => entry.isFile()).length
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}

/** Writes over some of a file's bytes. */
export async function overwrite(path: string, position: number): Promise<void> {
  await using file = await open(path, 'r+')
  await file.write(Buffer.from('these bytes were not there'), 0, null, position)
}
