import type { ImagePlan, Publisher } from '#events/vocabulary.ts'

/** The publishers of an image, by the targets that its plan names. */
export function publishersFor({ targets }: Pick<ImagePlan, 'targets'>, publishers: readonly Publisher[]): Publisher[] {
  return publishers.filter(({ target }) => targets.includes(target))
}

/** The services that work on single images, in the order of the pipeline. */
export function stepsOfImages(publishers: readonly Publisher[]): string[] {
  return ['builder', 'converter', 'boot-tester', ...publishers.map((one) => one.service)]
}
