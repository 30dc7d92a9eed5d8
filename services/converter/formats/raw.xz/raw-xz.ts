import type { FormatPlan } from '#events/vocabulary.ts'
import type { Format } from '../format.ts'

/** The disk as one xz stream. */
export function createRawXz({ level }: Extract<FormatPlan, { format: 'raw.xz' }>): Format {
  return {
    provesDisk: true,
    async make(conversion) {
      const { draft, sha256, proof } = await conversion.compress(level)
      return { draft, sha256, verify: proof.prove }
    },
  }
}
