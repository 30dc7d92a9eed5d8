import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { say } from '#events/define.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imagePublished } from '#events/image-published.ts'
import { imageKey, type DropImage, type MirroredFile, type Registration } from '#events/vocabulary.ts'
import { defineService } from '#service/define.ts'
import { target } from './step.ts'

/** Registers what is open on the mirror, by the address of its qcow2. */
export const moonPublisher = defineService({
  name: 'moon-publisher',
  consumes: [dropMirrored],
  emits: [imagePublished, imageFailed],
  async handle({ body: { drop, compose, images, files } }, { mirror }: { readonly mirror: string }) {
    const wanted = images.filter(({ image, outcome }) => outcome === 'passed' && image.targets.includes(target))
    return await Promise.all(
      wanted.map(async (one) => {
        const registrations = [await register(one, files, mirror)]
        return say(imagePublished, { drop, compose, image: one.image, registrations })
      }),
    )
  },
})

async function register({ image }: DropImage, files: readonly MirroredFile[], mirror: string): Promise<Registration> {
  const file = files.find((one) => one.image === imageKey(image) && one.path.endsWith('.qcow2'))
  // As a cloud would: what it is given an address of must be there.
  await access(join(mirror, file?.path ?? ''))
  return {
    target,
    emulated: true,
    place: 'tranquility-1',
    id: `moon-${file?.sha256.slice(0, 8) ?? ''}`,
    name: imageKey(image),
    details: { path: file?.path ?? '' },
  }
}
