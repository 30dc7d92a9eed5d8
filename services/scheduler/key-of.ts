import { keyOfDrop } from '#drop/read.ts'
import { readComposeId } from './compose/compose-id.ts'
import { streamOf } from './compose/notice.ts'
import { versionOfBranch } from './compose/old-message.ts'
import { isCadence, isComposeMessage, type ComposeEnvelope, type SchedulerEvent } from './hears.ts'

/** Messages that are refused anyway wait for nobody but each other. */
const unreadable = 'stream:unreadable'

/** What an event is about: a stream of composes, or a drop. Events about one thing are handled one after the other. */
export function keyOf(event: SchedulerEvent): string {
  if (isComposeMessage(event)) return streamOfMessage(event)
  if (!isCadence(event)) return keyOfDrop(event.body.drop)
  // The memory of which streams there are is a thing of its own.
  return event.subject === 'stream.opened.v1' || event.body.stream === null ? 'cadence' : `stream:${event.body.stream}`
}

function streamOfMessage(event: ComposeEnvelope): string {
  if (event.subject === 'pungi.compose.status.change') return streamOfId(event.body.compose_id)
  if (event.subject !== 'drop.requested.v1') return streamOfBranch(event.body.branch)
  const { compose_id: id, branch } = event.body.message
  return typeof id === 'string' ? streamOfId(id) : streamOfBranch(typeof branch === 'string' ? branch : '')
}

function streamOfId(composeId: string): string {
  const id = readComposeId(composeId)
  return id ? `stream:${streamOf(id)}` : unreadable
}

function streamOfBranch(branch: string): string {
  const version = versionOfBranch(branch)
  return version === null ? unreadable : `stream:${streamOf({ short: 'Fedora', version })}`
}
