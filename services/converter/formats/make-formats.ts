import { ArtifactCorrupted } from '#artifacts/store.ts'
import type { FormatPlan } from '#events/vocabulary.ts'
import type { Conversion } from '../conversion.ts'
import { readDisk } from '../read-disk.ts'
import { formatFor } from './format-for.ts'
import type { MadeFile } from './format.ts'

/** Tools that encode many small pieces at once are not started for a few. */
const leastChunk = 16 * 1024 * 1024

/** Makes all formats of a plan of one read of the disk. Throws ArtifactCorrupted when that is not what was promised. */
export async function makeFormats(plans: readonly FormatPlan[], conversion: Conversion): Promise<MadeFile[]> {
  const { disk, slots, signal } = conversion
  const formats = plans.map(formatFor)
  const files = []
  for (const format of formats) files.push(await format.begin(conversion))

  const whole = await readDisk(disk, {
    sinks: [...conversion.xzStreams(), ...files.flatMap(({ sink }) => sink ?? [])],
    chunkSize: Math.max(leastChunk, ...formats.map(({ pieceSize }) => pieceSize)),
    // One is read while the others are encoded.
    chunks: slots.count + 1,
    sideBySide: conversion.sideBySide,
    signal,
  })
  const found = whole.copy().digest('hex')
  if (found !== disk.sha256) {
    throw new ArtifactCorrupted(`the artifact ${disk.sha256} (raw) now reads as ${found}: ${disk.path}`)
  }
  return await conversion.sideBySide(files.map((file) => () => file.finish(whole)))
}
