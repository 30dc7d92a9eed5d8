import type { ImageBuilt } from '#events/image-built.ts'
import type { ArtifactRef } from '#events/vocabulary.ts'
import type { Context } from '#service/define.ts'
import type { ConverterDependencies } from './conversion.ts'
import { NotTheDisk } from './failures.ts'
import { makeFormats } from './formats/make-formats.ts'
import { openConversion } from './open-conversion.ts'

/**
 * Makes all formats of one read, then proves all of them, then keeps them; in the order of the plan. Nothing is kept
 * before everything is proved, so a drop never meets half of an image's files.
 */
export async function convertDisk(
  event: ImageBuilt,
  dependencies: ConverterDependencies,
  context: Pick<Context, 'signal' | 'progress' | 'logFolder' | 'workFolder'>,
): Promise<ArtifactRef[]> {
  const { disk, image } = event
  const { artifacts, cache } = dependencies
  await using conversion = await openConversion(event, dependencies, context)

  conversion.begin('compressing')
  const [made = []] = await conversion.sideBySide([() => makeFormats(image.formats, conversion)])
  await cache.trim()

  conversion.begin('verifying')
  const proofs = made.map((file) => () => file.verify())
  await conversion.sideBySide(proofs).catch(async (error: unknown) => {
    // Which of the two is wrong: the disk that we were given, or what we made of it?
    if (error instanceof NotTheDisk) await artifacts.verify(disk, context.signal)
    throw error
  })

  const refs: ArtifactRef[] = []
  for (const [index, { draft, sha256 }] of made.entries()) {
    const format = image.formats[index]?.format ?? ''
    refs.push(await artifacts.keep(draft, { format, sha256, signal: context.signal }))
  }
  return refs
}
