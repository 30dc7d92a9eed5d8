import type { ComposeStatusChanged } from '#events/compose.ts'
import type { ComposeEvent, OldBody } from './compose-event.ts'
import { formatComposeId, parseComposeId, type ComposeId } from './compose-id.ts'
import { readOldComposeId } from './old-message.ts'

/** What one message says of a compose; what it does not say is undefined. */
export interface Notice {
  readonly name: string
  readonly id: ComposeId
  /** The field of the message that tells which compose it is about. */
  readonly named: { readonly field: 'compose_id' | 'branch'; readonly value: string }
  readonly status: string
  /** A message of before Pungi 4 leaves it to the policy. */
  readonly location: string | undefined
  /** The one architecture that is finished, when it is not the whole compose. */
  readonly onlyFor: string | null
  readonly label: string | null | undefined
  readonly composeType: string | undefined
  readonly releaseShort: string
  readonly releaseType: string
  readonly isLayered: boolean
}

/**
 * Reads a compose message, in today's words whatever its form; `came` dates one that has no date. Throws Refused when it
 * does not tell which compose it is about.
 */
export function readNotice(event: ComposeEvent, came: Date): Notice {
  return event.subject === 'pungi.compose.status.change' ? readPungi(event.body) : readOld(event.body, came)
}

/** The stream that a compose belongs to, by its short name and version: `Fedora-Rawhide`. */
export function streamOf({ short, version }: Pick<ComposeId, 'short' | 'version'>): string {
  return `${short}-${version}`
}

/** The release of a stream; a version has no hyphen. */
export function releaseOf(stream: string): Pick<ComposeId, 'short' | 'version'> {
  const hyphen = stream.lastIndexOf('-')
  return { short: stream.slice(0, hyphen), version: stream.slice(hyphen + 1) }
}

function readPungi(body: ComposeStatusChanged): Notice {
  const id = parseComposeId(body.compose_id)
  return {
    name: body.compose_id,
    id,
    named: { field: 'compose_id', value: body.compose_id },
    status: body.status,
    location: body.location,
    onlyFor: null,
    label: body.compose_label,
    composeType: body.compose_type,
    releaseShort: body.release_short ?? id.short,
    releaseType: id.releaseType === 'ga' ? (body.release_type ?? 'ga') : id.releaseType,
    isLayered: id.base !== null || body['release_is_layered'] === true,
  }
}

function readOld(body: OldBody, came: Date): Notice {
  const id = readOldComposeId(body, came)
  return {
    name: formatComposeId(id),
    id,
    named: { field: 'branch', value: body.branch },
    status: 'FINISHED',
    location: undefined,
    onlyFor: body.arch ? body.arch : null,
    label: null,
    composeType: id.type,
    releaseShort: id.short,
    releaseType: id.releaseType,
    isLayered: false,
  }
}
