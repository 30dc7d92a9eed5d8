import { createHash } from 'node:crypto'
import { blockSize } from './block-size.ts'
import { defaultKmsKey } from './encryption.ts'
import type { ImportRecord } from './records.ts'
import { settingsOf } from './settings.ts'
import type { World } from './world.ts'

interface ImportState {
  readonly status: 'active' | 'completed' | 'deleting' | 'deleted'
  readonly message: string | null
  readonly progress: number | null
}

/**
 * What a task says of itself: `active` with what is done as a message and how far it is, then `completed`; what was cancelled or
 * came to nothing is `deleted`, with the reason as its message (VM Import/Export User Guide, "Monitor an import snapshot task").
 */
export function stateOfImport(world: World, task: ImportRecord): ImportState {
  const now = world.now().getTime()
  const { import: whole, visibility } = world.delays
  if (task.cancelledAt !== null)
    return { status: now < task.cancelledAt + visibility ? 'deleting' : 'deleted', message: null, progress: null }
  if (task.failure !== null) return { status: 'deleted', message: task.failure, progress: null }
  if (task.readAt === null) {
    const isWaiting = now < task.startedAt + whole / 4
    return { status: 'active', message: isWaiting ? 'pending' : 'downloading/converting', progress: isWaiting ? 2 : 41 }
  }
  if (now < task.readAt + whole / 2) return { status: 'active', message: 'preparing snapshot', progress: 81 }
  return { status: 'completed', message: null, progress: null }
}

const reading = new WeakMap<World, Map<string, Promise<ImportRecord>>>()

/**
 * Reads the object of a task once it is half through. It has to be there until then: who removes it too early has a task that fails.
 * This is done when somebody looks, as everything here; an emulator that was killed meanwhile reads again.
 */
export async function advanceImport(world: World, seen: ImportRecord): Promise<ImportRecord> {
  // Others who looked meanwhile may have read it.
  const task = world.imports.get(seen.id) ?? seen
  const isDue = world.now().getTime() >= task.startedAt + world.delays.import / 2
  if (!isDue || task.readAt !== null || task.cancelledAt !== null) return task
  const readings = reading.get(world) ?? new Map<string, Promise<ImportRecord>>()
  reading.set(world, readings)
  const under = readings.get(task.id) ?? readObject(world, task)
  readings.set(task.id, under)
  try {
    return await under
  } finally {
    readings.delete(task.id)
  }
}

async function readObject(world: World, task: ImportRecord): Promise<ImportRecord> {
  // The same when it is read again.
  const digits = createHash('sha256').update(task.id).digest('hex').slice(0, 16)
  const snapshotId = `snap-0${digits}`
  const read = await readDisk(world, task, snapshotId)
  const now = world.now().getTime()
  const latest = world.imports.get(task.id) ?? task
  if (typeof read === 'string' || latest.cancelledAt !== null) {
    await world.blocks.remove(snapshotId)
    const failed = { ...latest, readAt: now, failure: typeof read === 'string' ? read : null }
    await world.imports.save(failed)
    return failed
  }
  const doneAt = now + world.delays.import / 2
  await world.snapshots.save({
    id: snapshotId,
    region: task.region,
    owner: task.owner,
    description: `Created by AWS-VMImport service for ${task.id}`,
    volumeSize: Math.ceil(read.size / 1024 ** 3),
    tags: [],
    startedAt: doneAt,
    timeoutMinutes: 60,
    token: null,
    requestDigest: '',
    sealedAt: doneAt,
    blocks: read.blocks,
    deletedAt: null,
    public: false,
    kmsKeyId: settingsOf(world, task).ebsEncryptionByDefault ? defaultKmsKey(task) : null,
    copyOf: null,
    parent: null,
  })
  const done = { ...latest, readAt: now, size: read.size, snapshotId }
  await world.imports.save(done)
  return done
}

const zeros = Buffer.alloc(blockSize)

/** Writes the blocks of a raw disk that are not all zeros; a string is why it cannot. */
async function readDisk(world: World, { bucket, key, format }: ImportRecord, snapshotId: string) {
  const object = await world.objects.open(bucket, key)
  if (object === null)
    return 'ClientError: Disk validation failed [We do not have access to the given resource. Reason 403 Forbidden]'
  let blocks = 0
  let index = 0
  let size = 0
  let block = Buffer.alloc(blockSize)
  let filled = 0
  const put = async () => {
    if (!block.equals(zeros)) {
      await world.blocks.put(snapshotId, index, block, createHash('sha256').update(block).digest())
      blocks += 1
    }
    index += 1
    filled = 0
    block = Buffer.alloc(blockSize)
  }
  for await (const chunk of object as AsyncIterable<Buffer>) {
    size += chunk.length
    for (let at = 0; at < chunk.length;) {
      const taken = chunk.copy(block, filled, at)
      at += taken
      filled += taken
      if (filled === blockSize) await put()
    }
  }
  if (filled > 0) await put()
  // Only raw disks are converted here.
  if (format.toUpperCase() !== 'RAW' || size === 0)
    return 'ClientError: Disk validation failed [Unsupported specified file format]'
  return { size, blocks }
}
