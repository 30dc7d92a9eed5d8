import { artifactRef, type ArtifactRef } from '#events/vocabulary.ts'

/** Every artifact that a value names, wherever in it: the body of an event, the state of a job. */
export function* namedArtifacts(value: unknown): Generator<ArtifactRef> {
  if (typeof value !== 'object' || value === null) return
  const found = 'sha256' in value && 'uri' in value ? artifactRef.safeParse(value) : null
  if (found?.success) yield found.data
  else for (const part of Object.values(value)) yield* namedArtifacts(part)
}
