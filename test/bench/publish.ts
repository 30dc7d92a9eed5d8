import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DropReady } from '#events/drop-ready.ts'
import { planTree } from '../../services/mirror-publisher/plan-tree.ts'
import { noteOpen } from '../../services/mirror-publisher/streams/note-drop.ts'
import { emptyStream, formatStreamDocument, streamOf } from '../../services/mirror-publisher/streams/stream-document.ts'
import { keepImages, weekly } from '../../services/mirror-publisher/testing/drops.ts'
import { openScene, type Scene } from '../../services/mirror-publisher/testing/scene.ts'
import { blessed, ready } from '../../services/mirror-publisher/testing/speak.ts'
import { mirrorPublisher } from '../../services/mirror-publisher/service.ts'
import { formatRecord, recordName, recordOf, sumsOf } from '../../services/mirror-publisher/tree/record.ts'

/** In milliseconds: how long it took, and what of that was work of this process. */
export interface Cost {
  readonly wall: number
  readonly processor: number
}

/** At the median, for one more drop of four images on a mirror. */
export interface PublishTimes {
  readonly staging: Cost
  readonly opening: Cost
}

const measured = 15

/** Measures one more drop of four images, small ones, on a mirror that has so many drops already, of so many releases. */
export async function measurePublish(drops: number, releases: number): Promise<PublishTimes> {
  await using scene = await openScene()
  const images = await keepImages(scene.store)
  const planted = Array.from({ length: drops }, (_, index) => dropOf(index, images, index % releases))
  for (const group of Map.groupBy(planted, ({ compose }) => compose.version).values()) plant(scene, group)
  const staging: Cost[] = []
  const opening: Cost[] = []
  for (let index = drops; index < drops + measured; index++) {
    const drop = dropOf(index, await keepImages(scene.store))
    staging.push(await costOf(() => mirrorPublisher.handle(ready(drop), scene.mirror, scene.context)))
    opening.push(await costOf(() => mirrorPublisher.handle(blessed(drop), scene.mirror, scene.context)))
  }
  return { staging: medianOf(staging), opening: medianOf(opening) }
}

/** Weekly drops, one after the other, of days that there are. */
function dropOf(index: number, images: DropReady['images'], release = 0): DropReady {
  const date = new Date(Date.UTC(2018, 0, 1 + index)).toISOString().slice(0, 10).replaceAll('-', '')
  const { compose, ...drop } = weekly(1, images)
  const version = release === 0 ? compose.version : String(30 + release)
  const id = `Fedora-${version}-${date}.n.0`
  return { ...drop, drop: `weekly-${id}`, compose: { ...compose, id, date, version } }
}

/** Puts open drops in place as they would be had each been published; their bytes matter to nobody. */
function plant({ mirror }: Scene, drops: readonly DropReady[]): void {
  const [first] = drops
  if (!first) return
  let document = emptyStream(streamOf(first.compose))
  for (const drop of drops) {
    const plan = planTree(drop)
    const files = plan.files.map(({ path, artifact, image }) => ({
      path,
      sha256: artifact.sha256,
      size: artifact.size,
      image,
    }))
    const record = recordOf(plan, files)
    const text = formatRecord(record)
    for (const { path, size } of files) write(join(mirror.root, plan.path, path), Buffer.alloc(size))
    write(join(mirror.root, plan.path, recordName), text)
    const told = { told: drop, by: 'policy', path: plan.path }
    const listed = sumsOf(record).map((file) => ({ ...file, path: `${plan.path}/${file.path}` }))
    document = noteOpen(document, { ...told, files: listed }, '2018-01-01T00:00:00.000Z')
  }
  write(join(mirror.root, 'streams', `${document.stream}.json`), formatStreamDocument(document))
}

function write(path: string, bytes: string | Buffer): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const [began, worked] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(worked)
  return { wall: performance.now() - began, processor: (user + system) / 1000 }
}

function medianOf(costs: readonly Cost[]): Cost {
  const middle = (numbers: number[]) => Math.round(numbers.toSorted((one, other) => one - other)[measured >> 1] ?? 0)
  return {
    wall: middle(costs.map(({ wall }) => wall)),
    processor: middle(costs.map(({ processor }) => processor)),
  }
}
