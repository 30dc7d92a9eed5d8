import { keyOfDrop } from '#drop/read.ts'
import { composeStatusChanged } from '#events/compose.ts'
import { readComposeId } from './compose/compose-id.ts'
import { streamOf } from './compose/notice.ts'
import { versionOfBranch } from './compose/old-message.ts'
import { cadenceKey, keyOfStream } from './stream/keys.ts'
import { isCadence, isComposeMessage, isStanding, type ComposeEnvelope, type SchedulerEvent } from './hears.ts'

/** The key of messages that name no stream: they will be refused, and no stream needs to wait for that. */
const unreadable = 'stream:unreadable'

/** What an event is about: a stream of composes, or a drop. Events about one thing are handled one after the other. */
export function keyOf(event: SchedulerEvent): string {
  if (isComposeMessage(event)) return streamOfMessage(event)
  if (isStanding(event)) return keyOfStream(streamOf(readComposeId(event.body.compose.id) ?? event.body.compose))
  if (!isCadence(event)) return keyOfDrop(event.body.drop)
  // The memory of which streams there are is a thing of its own.
  return event.subject === 'stream.opened.v1' || event.body.stream === null
    ? cadenceKey
    : keyOfStream(event.body.stream)
}

function streamOfMessage(event: ComposeEnvelope): string {
  const { topic, message } =
    event.subject === 'drop.requested.v1' ? event.body : { topic: event.subject, message: event.body }
  const { compose_id: id, branch } = message
  // A topic may have any prefix. Of both fields the one counts that the message is read by.
  if (topic.endsWith(composeStatusChanged.subject))
    return keyOfCompose(typeof id === 'string' ? readComposeId(id) : null)
  const version = typeof branch === 'string' ? versionOfBranch(branch) : null
  return keyOfCompose(version === null ? null : { short: 'Fedora', version })
}

function keyOfCompose(compose: Parameters<typeof streamOf>[0] | null): string {
  return compose === null ? unreadable : keyOfStream(streamOf(compose))
}
