import type { Architecture, DropKind } from '#events/vocabulary.ts'
import type { Distribution } from './policy.ts'

/** The engines that the policy has for an image, in its order. */
export function enginesFor({ engines }: Distribution, kind: DropKind, architecture: Architecture): string[] {
  return engines
    .filter((row) => (row.kinds?.includes(kind) ?? true) && (row.architectures?.includes(architecture) ?? true))
    .map((row) => row.engine)
}
