import { allow, readAllowances } from './comparison/allowances.ts'
import type { Comparison } from './comparison/comparison.ts'
import { differencesOf } from './comparison/differences.ts'
import type { ImageReading } from './open-image.ts'
import { readImage } from './read-image.ts'

/** An image as a file, with the name that people know it by. */
export interface NamedImage {
  readonly name: string
  readonly path: string
}

export interface ComparisonOptions extends ImageReading {
  /** Whether two engines made the images, so that what engines do differently is allowed too. */
  readonly acrossEngines: boolean
}

/** Compares two images. Throws as `readImage` does. */
export async function compareImages(
  a: NamedImage,
  b: NamedImage,
  { acrossEngines, ...reading }: ComparisonOptions,
): Promise<Comparison> {
  const { builds, engines } = await readAllowances()
  const [first, second] = [await readImage(a.path, reading), await readImage(b.path, reading)]
  const found = allow(differencesOf(first, second), acrossEngines ? [...builds, ...engines] : builds)
  return {
    a: { name: a.name, format: first.format, system: first.system },
    b: { name: b.name, format: second.format, system: second.system },
    equal: found.differences.length === 0,
    ...found,
  }
}
