import { say } from '#events/define.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageConverted } from '#events/image-converted.ts'
import { imageFailed } from '#events/image-failed.ts'
import { defineService } from '#service/define.ts'
import { convertDisk } from './convert.ts'
import type { ConverterDependencies } from './conversion.ts'
import { explainFailure } from './failures.ts'
import { refusePlan } from './formats/format-for.ts'
import { needsOfConversion } from './needs.ts'

/** Makes every format that the plan of a built image names, and proves each by decoding it again. */
export const converter = defineService({
  name: 'converter',
  consumes: [imageBuilt],
  emits: [imageConverted, imageFailed],
  needs: ({ body }) => needsOfConversion(body),

  async handle({ body }, dependencies: ConverterDependencies, context) {
    const { drop, compose, image, disk } = body
    const refusal = refusePlan(image, disk)
    if (refusal !== null) {
      const failure = { step: 'converter', class: 'refused' as const, reason: refusal, log: null }
      return [say(imageFailed, { drop, compose, image, failure })]
    }
    const start = context.now().getTime()
    const artifacts = await convertDisk(body, dependencies, context).catch((error: unknown) => {
      throw explainFailure(error)
    })
    const seconds = Math.max(0, context.now().getTime() - start) / 1000
    return [say(imageConverted, { drop, compose, image, disk, artifacts, seconds })]
  },
})
