import type { ComposeStatusChanged } from '#events/compose.ts'
import { parseComposeId, type ComposeId } from './compose-id.ts'

/** What one message says of a compose; what it does not say is undefined. */
export interface Notice {
  readonly name: string
  readonly id: ComposeId
  readonly status: string
  readonly location: string
  readonly label: string | null | undefined
  readonly composeType: string | undefined
  readonly releaseShort: string
  readonly releaseType: string
  readonly isLayered: boolean
}

/** Reads a Pungi message. Throws PermanentError (refused) when the compose id is not one. */
export function readNotice(body: ComposeStatusChanged): Notice {
  const id = parseComposeId(body.compose_id)
  return {
    name: body.compose_id,
    id,
    status: body.status,
    location: body.location,
    label: body.compose_label,
    composeType: body.compose_type,
    releaseShort: body.release_short ?? id.short,
    releaseType: id.releaseType === 'ga' ? (body.release_type ?? 'ga') : id.releaseType,
    isLayered: id.base !== null || body['release_is_layered'] === true,
  }
}

/** The stream that a compose belongs to, by its short name and version: `Fedora-Rawhide`. */
export function streamOf({ short, version }: Pick<ComposeId, 'short' | 'version'>): string {
  return `${short}-${version}`
}
