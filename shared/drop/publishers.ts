import type { ImagePlan, Publisher } from '#events/vocabulary.ts'

/** The publishers of an image, by the targets that its plan names. */
export function publishersFor({ targets }: Pick<ImagePlan, 'targets'>, publishers: readonly Publisher[]): Publisher[] {
  return publishers.filter(({ target }) => targets.includes(target))
}

/** Whether a drop waits for a step on its images before it is published. */
export function isAwaited(step: string, publishers: readonly Publisher[]): boolean {
  return !publishers.some(({ service, after }) => service === step && after === 'publication')
}

/** The services that work on single images, in the order of the pipeline. */
export function stepsOfImages(publishers: readonly Publisher[]): string[] {
  return ['builder', 'converter', 'boot-tester', ...publishers.map((one) => one.service)]
}
