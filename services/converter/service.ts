import { say } from '#events/define.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageConverted } from '#events/image-converted.ts'
import { imageFailed } from '#events/image-failed.ts'
import { defineService } from '#service/define.ts'
import { convertDisk } from './convert.ts'
import type { ConverterDependencies } from './conversion.ts'
import { explainFailure } from './failures.ts'
import { refusePlan } from './formats/format-for.ts'

/** Makes every format that the plan of a built image names, and proves each by decoding it again. */
export const converter = defineService({
  name: 'converter',
  consumes: [imageBuilt],
  emits: [imageConverted, imageFailed],
  // Its files are together about as large as what the disk holds; pieces of many disks wait for the same processors.
  needs: ({ body: { disk } }) => ({ cores: 0.5, memoryMib: 512, diskMib: disk.size / 2 ** 20 }),

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
