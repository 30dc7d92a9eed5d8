import { open, stat } from 'node:fs/promises'
import { z } from 'zod'
import { run } from '#subprocess/run.ts'
import { describePlan } from './describe-plan.ts'
import { NothingBuilt, type BuildPlan, type Built } from './engine.ts'

/** What a build of this plan made since then: a bootable raw disk, a package list, and what it was told. Throws NothingBuilt. */
export async function collectDisk(plan: BuildPlan, startedAt: Date, signal: AbortSignal): Promise<Built> {
  const { disk, packages } = plan
  await assertFresh(packages, startedAt)
  await assertFresh(disk, startedAt)
  await assertBootSector(disk)
  await assertRawDisk(disk, signal)
  return { disk, packages, description: describePlan(plan) }
}

/** Refuses a file that is missing, empty, or older than the build that should have made it. */
export async function assertFresh(path: string, startedAt: Date): Promise<void> {
  const found = await stat(path).catch(() => null)
  if (found === null) throw new NothingBuilt(`the build ended well but did not make ${path}`)
  if (found.size === 0) throw new NothingBuilt(`the build ended well but ${path} is empty`)
  // File systems keep the times of a file by a coarser clock than ours.
  if (found.mtimeMs < startedAt.getTime() - 1000) {
    throw new NothingBuilt(`${path} is of ${found.mtime.toISOString()}, before the build began`)
  }
}

/** Refuses a file that does not begin with a boot sector. */
export async function assertBootSector(path: string): Promise<void> {
  await using file = await open(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0)
  if (bytesRead === 512 && buffer.readUInt16BE(510) === 0x55aa) return
  throw new NothingBuilt(`${path} has no boot sector`)
}

const imageInfo = z.object({ format: z.string(), 'virtual-size': z.number() })

/** Refuses a file that QEMU does not take for a raw disk of the file's own size. */
export async function assertRawDisk(path: string, signal: AbortSignal): Promise<void> {
  const { stdout } = await run('qemu-img', ['info', '--output=json', path], { signal, deadline: 60_000 })
  const info = imageInfo.parse(JSON.parse(stdout))
  const { size } = await stat(path)
  if (info.format === 'raw' && info['virtual-size'] === size) return
  throw new NothingBuilt(`${path} is no raw disk of ${String(size)} bytes: qemu-img finds ${JSON.stringify(info)}`)
}
