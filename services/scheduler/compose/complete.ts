import { TransientError } from '#service/errors.ts'
import { readComposeImages, readComposeinfo, type Composeinfo } from './composeinfo.ts'
import { listMissing } from './missing.ts'
import type { LocatedNotice } from './judge.ts'
import { MetadataUnreadable, type ReadMetadata } from './read-metadata.ts'
import { Refused } from './refused.ts'

/** A notice with everything that a decision needs. */
export interface CompleteNotice extends LocatedNotice {
  readonly label: string | null
  readonly isIncomplete: boolean
  readonly missing: readonly string[]
}

/**
 * Fills in from the compose's own metadata what the message leaves out: release, label, what is missing. Metadata that
 * is not to be had hurts only where nothing else tells: the label of a production compose.
 */
export async function completeNotice(
  notice: LocatedNotice,
  read: ReadMetadata,
  signal: AbortSignal,
): Promise<CompleteNotice> {
  const isIncomplete = notice.status === 'FINISHED_INCOMPLETE'
  const isSparse = notice.label === undefined || notice.composeType === undefined
  const info = isSparse || isIncomplete ? await attempt(() => readComposeinfo(notice, read, signal)) : null
  const known = info instanceof MetadataUnreadable ? null : info
  return {
    ...notice,
    releaseType: notice.releaseType === 'ga' ? (known?.release.type ?? 'ga') : notice.releaseType,
    isLayered: notice.isLayered || known?.release.is_layered === true,
    label: labelOf(notice, info),
    isIncomplete,
    missing: isIncomplete ? await missingOf(notice, info, read, signal) : [],
  }
}

function labelOf(notice: LocatedNotice, info: Composeinfo | MetadataUnreadable | null): string | null {
  if (notice.label !== undefined) return notice.label
  if (info !== null && !(info instanceof MetadataUnreadable)) return info.compose.label ?? null
  if (notice.id.type !== 'production') return null
  const message =
    `compose_label: ${notice.name} is a production compose, the message has no label, ` +
    `and its metadata could not be read: ${info?.message ?? ''}`
  throw info?.final === true ? new Refused('compose_label', null, message) : new TransientError(message)
}

async function missingOf(
  notice: LocatedNotice,
  info: Composeinfo | MetadataUnreadable | null,
  read: ReadMetadata,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const images =
    info === null || info instanceof MetadataUnreadable
      ? info
      : await attempt(() => readComposeImages(notice, read, signal))
  if (
    info !== null &&
    images !== null &&
    !(info instanceof MetadataUnreadable) &&
    !(images instanceof MetadataUnreadable)
  ) {
    return listMissing(info, images)
  }
  const unread = images instanceof MetadataUnreadable ? images : null
  return [`the compose says FINISHED_INCOMPLETE; its metadata could not be read: ${unread?.message ?? ''}`]
}

async function attempt<Value>(read: () => Promise<Value>): Promise<Value | MetadataUnreadable> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof MetadataUnreadable) return error
    throw error
  }
}
