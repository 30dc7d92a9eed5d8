import { randomBytes } from 'node:crypto'
import { open, truncate, writeFile } from 'node:fs/promises'
import type { ArtifactStore } from '#artifacts/store.ts'
import { say, type SaidOf } from '#events/define.ts'
import { dropBlessed } from '#events/drop-blessed.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { seal } from '#events/envelope.ts'
import { imageTested } from '#events/image-tested.ts'
import { handTo, imagesWith, type Given, type Handled } from '#publishing/testing/hand-to.ts'
import type { ArtifactRef, ImagePlan, Registration } from '#events/vocabulary.ts'
import { eucalyptusPublisher, type Dependencies } from '../service.ts'
import type { Bench } from './bench.ts'

const image: ImagePlan = { ...imageTested.example.image, flavour: 'generic', targets: ['mirror', 'eucalyptus'] }
const sealed = { now: new Date(0) }
const mebibyte = 1024 * 1024

/** A raw disk with so many bytes of data in it, and holes around them. */
export async function keepDisk(artifacts: ArtifactStore, { size = 8 * mebibyte, data = 100_000 } = {}) {
  await using draft = await artifacts.draft('disk.raw')
  await writeFile(draft.path, '')
  await truncate(draft.path, size)
  {
    await using file = await open(draft.path, 'r+')
    await file.write(randomBytes(data), 0, null, mebibyte)
  }
  return await artifacts.keep(draft, { format: 'raw' })
}

/** A generic image, tested and passed. */
export function tested(disk: ArtifactRef, change: Partial<typeof imageTested.example> = {}) {
  return seal(say(imageTested, { ...imageTested.example, image, disk, ...change }), sealed)
}

export function blessed(registrations: readonly Registration[]) {
  return seal(say(dropBlessed, { ...dropBlessed.example, images: imagesWith(image, registrations) }), sealed)
}

export function superseded(registrations: readonly Registration[]) {
  return seal(say(dropSuperseded, { ...dropSuperseded.example, images: imagesWith(image, registrations) }), sealed)
}

export function expired(registrations: readonly Registration[]) {
  return seal(say(dropExpired, { ...dropExpired.example, images: imagesWith(image, registrations) }), sealed)
}

type Event = Parameters<typeof eucalyptusPublisher.handle>[0]
type Said = SaidOf<(typeof eucalyptusPublisher.emits)[number]>

/** Hands an event to the service. */
export async function handle(
  bench: Bench & Pick<Dependencies, 'audit'>,
  event: Event,
  { clouds = bench.clouds, ...given }: Given & { readonly clouds?: Bench['clouds'] } = {},
): Promise<Handled<Said>> {
  return await handTo(eucalyptusPublisher, { ...bench, clouds }, event, { folder: bench.folder, ...given })
}

export function registrationsIn(said: readonly { readonly body: object }[]): readonly Registration[] {
  return said.flatMap(({ body }) => ('registrations' in body ? (body.registrations as Registration[]) : []))
}
