import { posix } from 'node:path'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { exampleEngine } from '#events/examples.ts'
import {
  architecture,
  composeRef,
  imageKey,
  type ArtifactRef,
  type ComposeRef,
  type DropImage,
  type ImagePlan,
} from '#events/vocabulary.ts'
import { planTree } from '../plan-tree.ts'
import type { DropIdentity } from './convention.ts'

const plainName = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+~-]{0,12}$/)
const version = fc.oneof(
  fc.integer({ min: 1, max: 60 }).map(String),
  fc.constantFrom('Rawhide', 'test', '..x'),
  plainName,
)

const compose: fc.Arbitrary<ComposeRef> = fc
  .record({
    id: plainName,
    short: fc.constantFrom('Fedora', 'Debian'),
    version: version.filter((text) => composeRef.shape.version.safeParse(text).success),
    type: fc.constantFrom(...composeRef.shape.type.options),
    date: fc.stringMatching(/^20\d{6}$/),
    respin: fc.nat(20),
    label: fc.option(fc.stringMatching(/^(Alpha|Beta|RC)-[1-9]\.\d$/)),
  })
  .map((some) => ({ ...some, location: 'https://example.org/compose', incomplete: false }))

const identity: fc.Arbitrary<DropIdentity> = fc.oneof(
  fc.record({ kind: fc.constant('milestone' as const), milestone: fc.constantFrom('Alpha', 'Beta', 'Final'), compose }),
  fc.record({ kind: fc.constantFrom('weekly', 'nightly'), milestone: fc.constant(null), compose }),
)

const formats: ImagePlan['formats'] = [
  { format: 'qcow2', compat: '1.1', compression: 'zlib' },
  { format: 'raw.xz', level: 6 },
  { format: 'raw.tar.xz', level: 6 },
]

const everyImage: DropImage[] = ['generic', 'ec2', 'gcp'].flatMap((flavour) =>
  architecture.options.map((architecture) => ({
    image: { flavour, architecture, recipe: 'some', engines: ['mkosi'], formats, targets: ['mirror'] },
    outcome: 'passed',
    artifacts: formats.map(({ format }) => artifact(format)),
    packages: artifact('json'),
    engine: exampleEngine,
    checks: [],
    registrations: [],
    failure: null,
  })),
)

function artifact(format: string): ArtifactRef {
  return { uri: 'artifact:0', sha256: '0'.repeat(64), size: 0, format }
}

function plan(drop: DropIdentity) {
  return planTree({ drop: 'some', ...drop, images: everyImage })
}

it('two images or two formats of a drop never share a path, nor with a checksum or an index', () => {
  fc.assert(
    fc.property(identity, (drop) => {
      const { files, checksums } = plan(drop)
      const paths = [
        ...files.map(({ path }) => path),
        ...checksums.map(({ folder, name }) => `${folder}/${name}`),
        'images.json',
        'drop.json',
      ]
      expect(new Set(paths.map((path) => path.toLowerCase())).size).toBe(paths.length)
      expect(files).toHaveLength(everyImage.length * (formats.length + 1))
    }),
  )
})

it('no path leaves the tree or enters what is hidden', () => {
  fc.assert(
    fc.property(identity, (drop) => {
      const { path, files, checksums } = plan(drop)
      for (const below of [
        ...files.map((file) => file.path),
        ...checksums.map(({ folder, name }) => `${folder}/${name}`),
      ]) {
        const whole = `${path}/${below}`
        expect(posix.normalize(whole)).toBe(whole)
        expect(whole).toMatch(/^(releases|alt\/cloud)\//)
        expect(whole.split('/').filter((part) => part.startsWith('.') || part === '')).toEqual([])
      }
    }),
  )
})

it('one drop has always the same names, whatever the order of its images', () => {
  fc.assert(
    fc.property(identity, fc.shuffledSubarray(everyImage, { minLength: 1 }), (drop, images) => {
      const some = planTree({ drop: 'some', ...drop, images })
      const all = new Map(plan(drop).files.map((file) => [file.path, file.image]))
      for (const { path, image } of some.files) expect(all.get(path)).toBe(image)
      expect(new Set(some.files.map(({ image }) => image))).toEqual(new Set(images.map(({ image }) => imageKey(image))))
    }),
  )
})

it('two drops share a folder only as candidates of one milestone, and none lies in another', () => {
  fc.assert(
    fc.property(identity, identity, (one, other) => {
      const [first, second] = [plan(one).path, plan(other).path]
      const nested = first !== second && `${first}/`.startsWith(`${second}/`)
      expect(nested).toBe(false)
      const same =
        one.kind === 'milestone'
          ? one.milestone === other.milestone && one.compose.version === other.compose.version
          : one.kind === other.kind && one.compose.id === other.compose.id
      expect(first === second && !same).toBe(false)
    }),
  )
})
