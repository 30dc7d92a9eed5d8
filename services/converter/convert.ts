import type { ArtifactStore } from '#artifacts/store.ts'
import type { ImageBuilt } from '#events/image-built.ts'
import type { ArtifactRef } from '#events/vocabulary.ts'
import type { Context } from '#service/define.ts'
import { NotTheDisk } from './failures.ts'
import { formatFor } from './formats/format-for.ts'
import { openConversion } from './open-conversion.ts'
import type { Limits } from './conversion.ts'

export interface ConverterDependencies {
  readonly artifacts: ArtifactStore
  readonly limits: Limits
}

/**
 * Makes all formats side by side, then proves all of them, then keeps them; in the order of the plan. Nothing is
 * kept before everything is proved, so a drop never meets half of an image's files.
 */
export async function convertDisk(
  event: ImageBuilt,
  { artifacts, limits }: ConverterDependencies,
  context: Pick<Context, 'signal' | 'progress' | 'logFolder'>,
): Promise<ArtifactRef[]> {
  const { disk, image } = event
  await using conversion = await openConversion(event, artifacts, limits, context)
  const formats = image.formats.map(formatFor)

  conversion.begin('compressing')
  const made = await conversion.sideBySide(formats.map((format) => () => format.make(conversion)))

  conversion.begin('verifying')
  const proofs = made.map((file) => () => file.verify())
  // Decoding to the promised SHA-256 proves the disk too; a comparison with the disk as it lies there does not.
  const diskIsProved = formats.some((format) => format.provesDisk)
  if (!diskIsProved) proofs.push(() => artifacts.verify(disk, conversion.signal))
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
