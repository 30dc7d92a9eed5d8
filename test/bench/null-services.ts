import { say } from '#events/define.ts'
import { dropAnnounced } from '#events/drop-announced.ts'
import { dropBlessed } from '#events/drop-blessed.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { dropPublished } from '#events/drop-published.ts'
import { dropReady } from '#events/drop-ready.ts'
import { dropStaged } from '#events/drop-staged.ts'
import { exampleArtifact, exampleRegistration } from '#events/examples.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageConverted } from '#events/image-converted.ts'
import { imagePublished } from '#events/image-published.ts'
import { imageRequested } from '#events/image-requested.ts'
import { imageTested } from '#events/image-tested.ts'
import { imageUploaded } from '#events/image-uploaded.ts'
import { imageKey, type DropImage } from '#events/vocabulary.ts'
import { bindService } from '#service/bind.ts'
import { defineService, type BoundService } from '#service/define.ts'
import type { Assemble, Assembled, Host } from '#service/host.ts'
import { house } from '#test/support/house.ts'
import { assemble as assembleScheduler } from '../../services/scheduler/main.ts'

/** The real scheduler, or a service whose steps do nothing but say that they are done. */
export function nullAssemble(name: string): Assemble {
  if (name === 'scheduler') return assembleScheduler
  const service = nullService(name)
  return () => Promise.resolve({ service })
}

/** A service whose steps do nothing but say that they are done. */
export function nullService(name: string): BoundService {
  const bind = steps[name]
  if (!bind) throw new RangeError(`there is no null service ${name}`)
  return bind()
}

/** All of them in one process. */
export async function nullServices(host: Host): Promise<Assembled[]> {
  return await Promise.all(house.names.map((name) => nullAssemble(name)(host)))
}

const log = exampleArtifact('log')

const builder = defineService({
  name: 'builder',
  consumes: [imageRequested],
  emits: [imageBuilt],
  handle: ({ body: { drop, compose, image } }) => {
    const engine = { name: 'null', version: '1', earlier: [] }
    const [disk, packages] = [exampleArtifact('raw'), exampleArtifact('json')]
    return Promise.resolve([say(imageBuilt, { drop, compose, image, disk, packages, log, engine, seconds: 0 })])
  },
})

const converter = defineService({
  name: 'converter',
  consumes: [imageBuilt],
  emits: [imageConverted],
  handle: ({ body: { drop, compose, image, disk } }) => {
    const artifacts = image.formats.map((plan) => exampleArtifact(plan.format))
    return Promise.resolve([say(imageConverted, { drop, compose, image, disk, artifacts, seconds: 0 })])
  },
})

const tester = defineService({
  name: 'boot-tester',
  consumes: [imageBuilt],
  emits: [imageTested],
  handle: ({ body: { drop, compose, image, disk } }) => {
    const checks = [{ name: 'nothing', outcome: 'passed' as const, seconds: 0, detail: '' }]
    const evidence = { console: log, screenshot: null, accelerator: 'none' as const, seconds: 0 }
    return Promise.resolve([say(imageTested, { drop, compose, image, disk, verdict: 'passed', checks, ...evidence })])
  },
})

/** The images that a drop goes on with. */
function passed(images: readonly DropImage[]): DropImage[] {
  return images.filter(({ outcome }) => outcome === 'passed')
}

/** A publisher of single images, which says that they are where its target is. */
function cloudOf(name: string, target: string) {
  const registrations = [{ ...exampleRegistration, target }]
  return defineService({
    name,
    consumes: [imageTested, dropBlessed],
    emits: [imageUploaded, imagePublished],
    concerns: ({ subject, body }) =>
      (subject === 'image.tested.v1' ? [body] : body.images).some(({ image }) => image.targets.includes(target)),
    handle: ({ subject, body }) => {
      if (subject === 'image.tested.v1') {
        const { drop, compose, image } = body
        return Promise.resolve([say(imageUploaded, { drop, compose, image, registrations, bytes: 0, seconds: 0 })])
      }
      const { drop, compose } = body
      const wanted = passed(body.images).filter(({ image }) => image.targets.includes(target))
      return Promise.resolve(wanted.map(({ image }) => say(imagePublished, { drop, compose, image, registrations })))
    },
  })
}

/** A publisher that takes its files from the open mirror. */
function cloudAfterMirror(name: string, target: string) {
  const registrations = [{ ...exampleRegistration, target }]
  return defineService({
    name,
    consumes: [dropMirrored],
    emits: [imagePublished],
    concerns: ({ body }) => body.images.some(({ image }) => image.targets.includes(target)),
    handle: ({ body: { drop, compose, images } }) => {
      const wanted = passed(images).filter(({ image }) => image.targets.includes(target))
      return Promise.resolve(wanted.map(({ image }) => say(imagePublished, { drop, compose, image, registrations })))
    },
  })
}

/** Begins when all is published, and no drop waits for it. */
const seller = defineService({
  name: 'marketplace-publisher',
  consumes: [dropPublished],
  emits: [],
  handle: () => Promise.resolve([]),
})

const mirror = defineService({
  name: 'mirror-publisher',
  consumes: [dropReady, dropBlessed],
  emits: [dropStaged, dropMirrored],
  handle: ({ subject, body: { drop, kind, milestone, compose, images } }) => {
    const { path, files: examples } = dropStaged.example
    const files = passed(images).flatMap(({ image }) => examples.map((file) => ({ ...file, image: imageKey(image) })))
    const tree = { drop, kind, milestone, compose, path, files }
    return Promise.resolve([
      subject === 'drop.ready.v1' ? say(dropStaged, tree) : say(dropMirrored, { ...tree, images }),
    ])
  },
})

const announcer = defineService({
  name: 'announcer',
  consumes: [dropPublished],
  emits: [dropAnnounced],
  handle: ({ body: { drop, kind, milestone, compose } }) => {
    return Promise.resolve([say(dropAnnounced, { drop, kind, milestone, compose, told: dropAnnounced.example.told })])
  },
})

const steps: Readonly<Record<string, () => BoundService>> = {
  builder: () => bindService(builder, null, { concurrency: 4 }),
  converter: () => bindService(converter, null, { concurrency: 4 }),
  'boot-tester': () => bindService(tester, null, { concurrency: 4 }),
  'ec2-publisher': () => bindService(cloudOf('ec2-publisher', 'ec2'), null, { concurrency: 4 }),
  'openstack-publisher': () => bindService(cloudOf('openstack-publisher', 'openstack'), null, { concurrency: 4 }),
  'cloudstack-publisher': () =>
    bindService(cloudAfterMirror('cloudstack-publisher', 'cloudstack'), null, { concurrency: 4 }),
  'eucalyptus-publisher': () => bindService(cloudOf('eucalyptus-publisher', 'eucalyptus'), null, { concurrency: 4 }),
  'marketplace-publisher': () => bindService(seller, null, { concurrency: 4 }),
  'mirror-publisher': () => bindService(mirror, null, { concurrency: 4 }),
  announcer: () => bindService(announcer, null, { concurrency: 4 }),
}
