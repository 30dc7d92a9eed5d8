import { expect, it } from 'vitest'
import { exampleImage } from '#events/examples.ts'
import type { ImagePlan } from '#events/vocabulary.ts'
import { policyOf } from './policy.ts'

/** Another value of each field, and whether an image would be another by it. */
const changes: { readonly [Field in keyof ImagePlan]-?: readonly [NonNullable<ImagePlan[Field]>, boolean] } = {
  flavour: ['openstack', true],
  architecture: ['aarch64', true],
  recipe: ['debian-13', true],
  formats: [[{ format: 'raw.xz', level: 9 }], true],
  targets: [['mirror', 'marketplace'], true],
  engines: [[...exampleImage.engines, 'another'], false],
  preemptible: [true, false],
}

it.each(Object.entries(changes))('whether an image would be another by its %s is decided', (field, [value, counts]) => {
  expect(policyOf({ ...exampleImage, [field]: value }) !== policyOf(exampleImage)).toBe(counts)
})
