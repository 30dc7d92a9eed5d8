import { expect, it } from 'vitest'
import { imageBuilt } from '#events/image-built.ts'
import { exampleArtifact } from '#events/examples.ts'
import type { FormatPlan } from '#events/vocabulary.ts'
import { needsOfConversion } from './needs.ts'

const mib = 2 ** 20
const needs = (formats: FormatPlan[], dataBytes?: number, size = 40 * 1024 * mib) => {
  const { example } = imageBuilt
  const disk = { ...exampleArtifact('raw'), size }
  return needsOfConversion({ ...example, disk, image: { ...example.image, formats }, ...(dataBytes && { dataBytes }) })
}
const xz: FormatPlan = { format: 'raw.xz', level: 1 }

it('asks for room for what the disk holds, not for its holes, in each format', () => {
  expect(needs([xz], 600 * mib).diskMib).toBe(364)
  expect(needs([xz, { format: 'raw.tar.xz', level: 1 }], 600 * mib).diskMib).toBe(664)
  expect(needs([xz, { format: 'vhd' }], 600 * mib).diskMib).toBe(964)
  expect(needs([{ format: 'qcow2', compat: '1.1', compression: 'none' }], 600 * mib).diskMib).toBe(664)
})

it('takes a disk for full of which nobody has said what it holds', () => {
  expect(needs([xz], undefined, 1000 * mib).diskMib).toBe(564)
})
