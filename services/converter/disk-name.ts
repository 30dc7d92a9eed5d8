import { imageKey, type ImagePlan } from '#events/vocabulary.ts'

/** The disk's name inside an archive: no compose id in it, so scripts that unpack it work with every drop. */
export function diskName(image: Pick<ImagePlan, 'recipe' | 'flavour' | 'architecture'>): string {
  return `${image.recipe}-${imageKey(image).replace('.', '-')}.raw`
}
