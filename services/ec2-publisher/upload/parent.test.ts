import { randomBytes } from 'node:crypto'
import { copyFile, open, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { ArtifactStore } from '#artifacts/store.ts'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageTested } from '#events/image-tested.ts'
import type { ArtifactRef, ImagePlan, Registration } from '#events/vocabulary.ts'
import type { EmulatorOptions } from '../emulator/start.ts'
import {
  blessed,
  bytesOf,
  handle,
  inventory,
  keepDisk,
  readBack,
  registrationsIn,
  setUp,
  superseded,
  tested,
  type Bench,
} from '../testing/bench.ts'

const block = 524_288
const [lastDrop, thisDrop] = ['weekly-Fedora-19-20130614.n.0', 'weekly-Fedora-19-20130621.n.0']
const sister = { flavour: 'ec2-minimal' }

type Change = (write: (index: number, bytes: Buffer) => Promise<void>) => Promise<void>

/** A disk that differs from another one in the blocks that are written. */
async function keepLike(artifacts: ArtifactStore, ref: ArtifactRef, change: Change): Promise<ArtifactRef> {
  await using draft = await artifacts.draft('disk.raw')
  await copyFile(await artifacts.open(ref), draft.path)
  {
    await using file = await open(draft.path, 'r+')
    await change(async (index, bytes) => void (await file.write(bytes, 0, null, index * block)))
  }
  return await artifacts.keep(draft, { format: 'raw' })
}

/** Data in the blocks 0 to 7 of a disk of 8 MiB. */
async function keepFull(artifacts: ArtifactStore): Promise<ArtifactRef> {
  return await keepLike(artifacts, await keepDisk(artifacts), (write) => write(0, randomBytes(8 * block)))
}

/** One block is new, one is changed, one is zeros now. */
const someChanges: Change = async (write) => {
  await write(3, randomBytes(100))
  await write(12, randomBytes(block))
  await write(7, Buffer.alloc(block))
}

function counting(puts: number[], starts: string[] = []): Partial<EmulatorOptions> {
  return {
    faults({ operation, number }) {
      if (operation === 'PutSnapshotBlock') puts.push(number)
      if (operation === 'StartSnapshot') starts.push(operation)
      return null
    },
  }
}

/** An image of a drop, tested; each drop is of a compose of its own. */
function testedIn(drop: string, disk: ArtifactRef, change: Partial<ImagePlan> = {}) {
  const { body } = tested(disk, change, drop)
  const date = /\d{8}/.exec(drop)?.[0] ?? ''
  return seal(say(imageTested, { ...body, compose: { ...body.compose, date } }), { now: new Date(0) })
}

async function upload(bench: Bench, disk: ArtifactRef, drop: string, change = {}): Promise<Registration & Sent> {
  const said = await handle(bench, testedIn(drop, disk, change))
  const [registration] = registrationsIn(said)
  const bytes = said[0]?.subject === 'image.uploaded.v1' ? said[0].body.bytes : -1
  if (registration === undefined) throw new Error('nothing was registered')
  return { ...registration, bytes }
}

interface Sent {
  readonly bytes: number
}

async function expectWhole(bench: Bench, { details }: Registration, disk: ArtifactRef): Promise<void> {
  const back = await readBack(bench, details['snapshot'] ?? '', disk.size)
  expect(back.equals(await bytesOf(bench.artifacts, disk))).toBe(true)
}

it('sends only the blocks that differ from the last drop, zeros where it has data no more, and all of the disk is there', async () => {
  const puts: number[] = []
  await using bench = await setUp(counting(puts))
  const disk = await keepFull(bench.artifacts)
  const first = await upload(bench, disk, lastDrop)
  expect(puts).toHaveLength(first.bytes / block)
  puts.length = 0
  const next = await keepLike(bench.artifacts, disk, someChanges)
  const second = await upload(bench, next, thisDrop)
  expect([puts.length, second.bytes]).toEqual([3, 3 * block])
  await expectWhole(bench, second, next)
  await expectWhole(bench, first, disk)
  const { snapshots } = await inventory(bench)
  const tags = snapshots.find((one) => one.SnapshotId === second.details['snapshot'])?.Tags
  expect(tags).toContainEqual({ Key: 'imagedrop:parent', Value: first.details['snapshot'] })
})

it('sends nothing for a disk that is there already, and tells so again when the event comes again', async () => {
  const puts: number[] = []
  await using bench = await setUp(counting(puts))
  const disk = await keepFull(bench.artifacts)
  const first = await upload(bench, disk, lastDrop)
  const sent = puts.length
  const second = await upload(bench, disk, thisDrop)
  expect([puts.length, second.bytes, second.details['snapshot'] === first.details['snapshot']]).toEqual([
    sent,
    0,
    false,
  ])
  expect((await upload(bench, disk, thisDrop)).bytes).toBe(0)
  await expectWhole(bench, second, disk)
})

it('begins as the snapshot that is most like the disk, be it of another flavour of the drop', async () => {
  await using bench = await setUp()
  const disk = await keepFull(bench.artifacts)
  const far = await keepLike(bench.artifacts, disk, (write) => write(0, randomBytes(6 * block)))
  await upload(bench, far, lastDrop)
  await upload(bench, disk, thisDrop, sister)
  await upload(bench, await keepFull(bench.artifacts), lastDrop, { ...sister, architecture: 'aarch64' })
  const next = await keepLike(bench.artifacts, disk, someChanges)
  expect((await upload(bench, next, thisDrop)).bytes).toBe(3 * block)
})

it('begins empty where no snapshot of ours saves anything', async () => {
  const puts: number[] = []
  await using bench = await setUp(counting(puts))
  await upload(bench, await keepFull(bench.artifacts), lastDrop)
  const disk = await keepDisk(bench.artifacts)
  const second = await upload(bench, disk, thisDrop)
  const { snapshots } = await inventory(bench)
  const tags = snapshots.find((one) => one.SnapshotId === second.details['snapshot'])?.Tags ?? []
  expect(tags.map((one) => one.Key)).not.toContain('imagedrop:parent')
  expect(second.bytes).toBe(4 * block)
})

it.each([
  ['it is not known what is in it', (folder: string) => rm(folder, { recursive: true })],
  ['the list of what is in it is damaged', damage],
])('sends the whole disk where there is a snapshot like it, but %s', async (_, harm) => {
  await using bench = await setUp()
  const disk = await keepFull(bench.artifacts)
  const { bytes } = await upload(bench, disk, lastDrop)
  await harm(bench.settings.blockLists ?? '')
  const next = await keepLike(bench.artifacts, disk, (write) => write(2, randomBytes(10)))
  const second = await upload(bench, next, thisDrop)
  expect(second.bytes).toBe(bytes)
  await expectWhole(bench, second, next)
})

it('sends the whole disk, and says why, where the folder of what is in snapshots cannot be used', async () => {
  await using bench = await setUp()
  await writeFile(join(bench.folder, 'state'), 'a file where a folder should be')
  const disk = await keepFull(bench.artifacts)
  const phases = new Set<string>()
  const said = await handle(bench, testedIn(lastDrop, disk), { progress: ({ phase }) => phases.add(phase) })
  const [registration] = registrationsIn(said)
  if (registration !== undefined) await expectWhole(bench, registration, disk)
  expect([...phases]).toContainEqual(
    expect.stringMatching(/^uploading; what is in snapshots is not remembered: ENOTDIR/),
  )
})

async function damage(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    await using file = await open(join(folder, name), 'r+')
    await file.write('x', 20)
  }
}

it('sends the whole disk when the parent is gone at the moment of the start', async () => {
  let parent: string | undefined
  await using bench: Bench = await setUp({
    async faults({ operation }) {
      if (operation !== 'StartSnapshot' || parent === undefined) return null
      const [snapshotId, { images }] = [parent, await inventory(bench)]
      parent = undefined
      for (const one of images) await bench.region.ec2.deregisterImage({ ImageId: one.ImageId })
      await sleep(20)
      await bench.region.ec2.deleteSnapshot({ SnapshotId: snapshotId })
      return null
    },
  })
  const disk = await keepFull(bench.artifacts)
  const first = await upload(bench, disk, lastDrop)
  parent = first.details['snapshot']
  const next = await keepLike(bench.artifacts, disk, someChanges)
  const second = await upload(bench, next, thisDrop)
  expect(second.bytes).toBe(first.bytes)
  await expectWhole(bench, second, next)
})

it('does not begin as a snapshot that is larger than the disk', async () => {
  await using bench = await setUp()
  const disk = await keepFull(bench.artifacts)
  await upload(bench, disk, lastDrop)
  const { ebs } = bench.region
  const tags = [{ Key: 'imagedrop:sha256', Value: disk.sha256 }]
  const { SnapshotId: larger } = await ebs.startSnapshot({ VolumeSize: 2, Tags: tags })
  await sleep(20)
  await ebs.completeSnapshot({ SnapshotId: larger, ChangedBlocksCount: 0 })
  await sleep(40)
  const next = await keepLike(bench.artifacts, disk, someChanges)
  const second = await upload(bench, next, thisDrop)
  expect(second.bytes).toBe(3 * block)
  await expectWhole(bench, second, next)
})

it('leaves a snapshot whole when the drop that it was begun as is withdrawn', async () => {
  await using bench = await setUp()
  const disk = await keepFull(bench.artifacts)
  const first = await upload(bench, disk, lastDrop)
  const next = await keepLike(bench.artifacts, disk, someChanges)
  const second = await upload(bench, next, thisDrop)
  await handle(bench, superseded([first], lastDrop))
  expect((await inventory(bench)).snapshots.map((one) => one.SnapshotId)).toEqual([second.details['snapshot']])
  await expectWhole(bench, second, next)
  await handle(bench, blessed([second]))
})

it('gives up a begun snapshot whose parent is not known any more, and makes one image of one snapshot', async () => {
  await using bench = await setUp()
  const disk = await keepFull(bench.artifacts)
  const first = await upload(bench, disk, lastDrop)
  const next = await keepLike(bench.artifacts, disk, someChanges)
  await killAtOperation(bench, testedIn(thisDrop, next), 'PutSnapshotBlock')
  await rm(bench.settings.blockLists ?? '', { recursive: true })
  const second = await upload(bench, next, thisDrop)
  expect(second.bytes).toBe(first.bytes)
  expect((await inventory(bench)).snapshots).toHaveLength(2)
  await expectWhole(bench, second, next)
})

it.each(['StartSnapshot', 'PutSnapshotBlock', 'CompleteSnapshot'])(
  'makes one whole image of the changed blocks when the upload is killed before %s is answered',
  async (operation) => {
    await using bench = await setUp()
    const disk = await keepFull(bench.artifacts)
    await upload(bench, disk, lastDrop)
    const next = await keepLike(bench.artifacts, disk, someChanges)
    await killAtOperation(bench, testedIn(thisDrop, next), operation)
    const puts: number[] = []
    await bench.restart(counting(puts))
    const second = await upload(bench, next, thisDrop)
    const { images, snapshots } = await inventory(bench)
    expect([images.length, snapshots.length]).toEqual([2, 2])
    expect(puts.length).toBeLessThanOrEqual(3)
    await expectWhole(bench, second, next)
  },
)

it('takes up a snapshot that was begun a moment before and is not to be seen yet, though another parent is chosen now', async () => {
  let clock: number | null = null
  await using bench = await setUp({ delays: { visibility: 200 }, now: () => new Date(clock ?? Date.now()) })
  const disk = await keepFull(bench.artifacts)
  await upload(bench, disk, lastDrop)
  const lists = bench.settings.blockLists ?? ''
  await rename(lists, `${lists}.aside`)
  const next = await keepLike(bench.artifacts, disk, someChanges)
  clock = Date.now()
  await killAtOperation(bench, testedIn(thisDrop, next), 'StartSnapshot')
  await bench.restart({
    faults({ operation }) {
      // Until now, not even a slow machine sees the snapshot.
      if (operation === 'StartSnapshot') clock = null
      return null
    },
  })
  await rename(`${lists}.aside`, lists)
  const second = await upload(bench, next, thisDrop)
  await expectWhole(bench, second, next)
  const { images, snapshots } = await inventory(bench)
  expect([images.length, snapshots.length]).toEqual([2, 2])
})

async function killAtOperation(bench: Bench, event: Parameters<typeof handle>[1], operation: string): Promise<void> {
  const abort = new AbortController()
  await bench.restart({
    faults(call) {
      if (call.operation !== operation || call.isDryRun) return abort.signal.aborted ? 'lost' : null
      abort.abort(new Error('killed'))
      return 'unheard'
    },
  })
  await expect(handle(bench, event, { signal: abort.signal })).rejects.toThrow('killed')
  await bench.restart({ faults: () => null })
}
