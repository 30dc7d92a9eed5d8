import { z } from 'zod'

export const artifactRef = z
  .strictObject({
    uri: z.string().min(1).describe('Where the artifact store keeps it'),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    size: z.int().min(0).describe('Bytes'),
    format: z.string().describe('raw, qcow2, raw.xz, raw.tar.xz, log, png, json, …'),
  })
  .describe('One immutable file, by reference')
export type ArtifactRef = z.infer<typeof artifactRef>
