import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { imageKey } from '#events/vocabulary.ts'
import { messageOf } from '#service/errors.ts'
import { failureClassOf } from '#service/failure.ts'
import { describePlan } from '../describe-plan.ts'
import type { BuildPlan, BuildRequest, Engine, EngineDeclaration, EngineFolders } from '../engine.ts'
import { assertBootSector, assertFresh } from '../verify.ts'
import { writeFiles } from '../write-files.ts'

export const engine: EngineDeclaration = { open: createNullEngine }

/** An engine that builds nothing: a small disk with a boot sector and a few bytes, to try the line out quickly. */
export function createNullEngine(): Engine {
  return {
    id: 'null',
    usesPackages: false,
    needs: () => ({}),
    version: () => Promise.resolve('1'),
    plan: planNothing,
    async run(plan, { signal, progress }) {
      signal.throwIfAborted()
      progress({ phase: 'writing the disk', done: 0, total: 1, unit: 'steps' })
      await writeFiles(plan.files)
      progress({ phase: 'writing the disk', done: 1, total: 1, unit: 'steps' })
      return undefined
    },
    async collect(plan, startedAt) {
      const { disk, packages } = plan
      await assertFresh(packages, startedAt)
      await assertFresh(disk, startedAt)
      await assertBootSector(disk)
      return { disk, packages, description: describePlan(plan) }
    },
    classify: failureClassOf,
    explain: messageOf,
  }
}

function planNothing({ compose, image, recipe }: BuildRequest, { work }: EngineFolders): BuildPlan {
  const name = `${compose.id} ${recipe.name} ${imageKey(image)}`
  const disk = join(work, 'image.raw')
  const packages = join(work, 'image.manifest')
  return {
    files: [
      { path: disk, content: smallDisk(name) },
      { path: packages, content: `${JSON.stringify({ packages: [] })}\n` },
      { path: join(work, 'image.txt'), content: `64 KiB with a boot sector and the SHA-256 of "${name}"\n` },
    ],
    commands: [],
    disk,
    packages,
  }
}

/** 64 KiB that no other request has: a boot sector, then the digest of the name, the rest empty. */
function smallDisk(name: string): Uint8Array {
  const disk = Buffer.alloc(64 * 1024)
  disk.writeUInt16BE(0x55aa, 510)
  createHash('sha256').update(name).digest().copy(disk, 512)
  return disk
}
