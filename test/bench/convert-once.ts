import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFolderStore } from '#artifacts/folder.ts'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import type { ImageConverted } from '#events/image-converted.ts'
import { imageBuilt } from '#events/image-built.ts'
import type { FormatPlan } from '#events/vocabulary.ts'
import { run } from '#subprocess/run.ts'
import { testContext } from '#test/support/context.ts'
import { createPieceCache } from '../../services/converter/pieces/piece-cache.ts'
import { converter } from '../../services/converter/service.ts'
import { measureUsage } from './usage.ts'

/**
 * `convert-once.ts DISK CACHE FORMATS`: a process of its own that converts one disk, into formats that are told in JSON, and
 * prints what it took and how large they are.
 */
const [, , disk = '', folder = '', formats = ''] = process.argv
const root = await mkdtemp(join(tmpdir(), 'imagedrop-bench-'))
const artifacts = await createFolderStore(join(root, 'artifacts'))
await using draft = await artifacts.draft('disk.raw')
await run('cp', ['--reflink=auto', '--sparse=always', disk, draft.path])
const body = {
  ...imageBuilt.example,
  disk: await artifacts.keep(draft, { format: 'raw' }),
  image: { ...imageBuilt.example.image, formats: JSON.parse(formats) as FormatPlan[] },
}
const limits = { threads: availableParallelism(), memoryMib: 2048, deadline: 3_600_000, idleDeadline: 600_000 }
const dependencies = { artifacts, limits, cache: createPieceCache({ folder, limit: 16 * 1024 ** 3 }) }
const envelope = seal(say(imageBuilt, body), { now: new Date() })
const { result, usage } = await measureUsage(async () =>
  converter.handle(envelope, dependencies, testContext({ folder: root })),
)
await rm(root, { recursive: true })
const [said] = Array.isArray(result) ? result : []
if (said?.subject !== 'image.converted.v1') throw new Error(`the converter said ${JSON.stringify(result)}`)
const { artifacts: made } = said.body as ImageConverted
console.info(JSON.stringify({ usage, sizes: Object.fromEntries(made.map(({ format, size }) => [format, size])) }))
