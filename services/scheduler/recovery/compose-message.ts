import type { ComposeStatusChanged } from '#events/compose.ts'
import { parseComposeId } from '../compose/compose-id.ts'
import { readComposeinfo } from '../compose/composeinfo.ts'
import type { ReadMetadata } from '../compose/read-metadata.ts'

interface FoundCompose {
  readonly name: string
  readonly status: string
  /** With `compose` at its end, as Pungi's messages have it. */
  readonly location: string
}

/** Makes the message that Pungi would have sent, from what the compose says of itself. Throws MetadataUnreadable. */
export async function makeComposeMessage(
  { name, status, location }: FoundCompose,
  read: ReadMetadata,
  signal: AbortSignal,
): Promise<ComposeStatusChanged> {
  const { compose, release } = await readComposeinfo({ name, location }, read, signal)
  const id = parseComposeId(name)
  return {
    compose_id: name,
    status,
    location,
    compose_date: id.date,
    compose_type: id.type,
    compose_respin: id.respin,
    compose_label: compose.label ?? null,
    release_short: id.short,
    release_version: id.version,
    release_type: id.releaseType === 'ga' ? (release.type ?? 'ga') : id.releaseType,
    release_is_layered: release.is_layered === true,
  }
}
