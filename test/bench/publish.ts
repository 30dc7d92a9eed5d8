import { linkSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DropReady } from '#events/drop-ready.ts'
import type { Mirror } from '../../services/mirror-publisher/mirror.ts'
import { planTree } from '../../services/mirror-publisher/plan-tree.ts'
import { mirrorPublisher } from '../../services/mirror-publisher/service.ts'
import { noteOpen } from '../../services/mirror-publisher/streams/note-drop.ts'
import {
  dropPathOf,
  emptyStream,
  formatIndexedDrop,
  formatStreamIndex,
  streamOf,
  streamPathOf,
  type StreamDocument,
} from '../../services/mirror-publisher/streams/stream-document.ts'
import { keepImages, weekly } from '../../services/mirror-publisher/testing/drops.ts'
import { openScene, type Scene } from '../../services/mirror-publisher/testing/scene.ts'
import { blessed, ready } from '../../services/mirror-publisher/testing/speak.ts'
import { readRecord, recordName, sumsOf } from '../../services/mirror-publisher/tree/record.ts'

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

const measured = 21

/** Measures one more drop of four images, small ones, on mirrors that have so many drops already, of so many releases, by turns. */
export async function measurePublish(
  mirrors: readonly { readonly drops: number; readonly releases: number }[],
): Promise<PublishTimes[]> {
  await using scenes = new AsyncDisposableStack()
  const places: { scene: Scene; drops: number; staging: Cost[]; opening: Cost[] }[] = []
  for (const { drops, releases } of mirrors) {
    const scene = scenes.use(await openScene())
    await plant(scene, drops, releases)
    places.push({ scene, drops, staging: [], opening: [] })
  }
  // The first drop of a process reads what is there; it is not counted.
  for (let round = 0; round <= measured; round += 1) {
    for (const { scene, drops, staging, opening } of places) {
      const drop = dropOf(drops + round, await keepImages(scene.store))
      staging[round] = await costOf(() => mirrorPublisher.handle(ready(drop), scene.mirror, scene.context))
      opening[round] = await costOf(() => mirrorPublisher.handle(blessed(drop), scene.mirror, scene.context))
    }
  }
  return places.map(({ staging, opening }) => ({
    staging: medianOf(staging.slice(1)),
    opening: medianOf(opening.slice(1)),
  }))
}

/** What it takes to stage and to open a drop of four images whose files have so many bytes each. */
export async function measureLargeDrop(bytes: number): Promise<PublishTimes & { readonly bytes: number }> {
  await using scene = await openScene()
  const drop = dropOf(0, await keepImages(scene.store, bytes))
  const staging = await costOf(() => mirrorPublisher.handle(ready(drop), scene.mirror, scene.context))
  const opening = await costOf(() => mirrorPublisher.handle(blessed(drop), scene.mirror, scene.context))
  const total = drop.images.flatMap(({ artifacts }) => artifacts).reduce((sum, { size }) => sum + size, 0)
  return { staging, opening, bytes: total }
}

/** Weekly drops, one after the other, of days that there are. */
function dropOf(index: number, images: DropReady['images'], release = 0): DropReady {
  const date = new Date(Date.UTC(2018, 0, 1 + index)).toISOString().slice(0, 10).replaceAll('-', '')
  const { compose, ...drop } = weekly(1, images)
  const version = release === 0 ? compose.version : String(30 + release)
  const id = `Fedora-${version}-${date}.n.0`
  return { ...drop, drop: `weekly-${id}`, compose: { ...compose, id, date, version } }
}

/** Puts open drops in place as they would be had each been published, after the example of one that was. */
async function plant(scene: Scene, drops: number, releases: number): Promise<void> {
  const { mirror, context } = scene
  const images = await keepImages(scene.store)
  const model = dropOf(0, images)
  await mirrorPublisher.handle(blessed(model), mirror, context)
  const { path: from } = planTree(model)
  const record = await readRecord(join(mirror.root, from))
  if (!record) throw new Error(`${from} is no drop`)
  const names = [...record.files.map(({ path }) => path), recordName]
  const documents = new Map<string, StreamDocument>()
  for (let index = 1; index < drops; index += 1) {
    const drop = dropOf(index, images, index % releases)
    const { path } = planTree(drop)
    const rename = (name: string) => name.replaceAll(model.compose.date, drop.compose.date)
    for (const name of names) {
      mkdirSync(dirname(join(mirror.root, path, name)), { recursive: true })
      linkSync(join(mirror.root, from, name), join(mirror.root, path, rename(name)))
    }
    const files = sumsOf(record).map((file) => ({ ...file, path: `${path}/${rename(file.path)}` }))
    const before = documents.get(drop.compose.version) ?? emptyStream(streamOf(drop.compose))
    const told = { told: drop, by: 'policy', path, files }
    documents.set(drop.compose.version, noteOpen(before, told, '2018-01-01T00:00:00.000Z'))
  }
  for (const document of documents.values()) {
    const { stream } = document
    for (const drop of document.drops) write(mirror, dropPathOf(stream, drop.drop), formatIndexedDrop(drop))
    write(mirror, streamPathOf(stream), formatStreamIndex(document))
  }
}

function write({ root }: Mirror, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const [began, worked] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(worked)
  return { wall: performance.now() - began, processor: (user + system) / 1000 }
}

function medianOf(costs: readonly Cost[]): Cost {
  const middle = (numbers: number[]) =>
    Math.round(numbers.toSorted((one, other) => one - other)[costs.length >> 1] ?? 0)
  return {
    wall: middle(costs.map(({ wall }) => wall)),
    processor: middle(costs.map(({ processor }) => processor)),
  }
}
