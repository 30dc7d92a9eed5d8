import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleDrop } from './examples.ts'
import { dropId, withdrawalReason } from './vocabulary.ts'

/**
 * What a person asked for: facts like all others, said by the `operator`. The scheduler answers with its own. `by` is
 * whatever the sender wrote until somebody takes the request in, who puts the name of the sender there.
 */
const request = {
  outside: 'operator' as const,
  schema: z.strictObject({ drop: dropId, by: z.string().min(1).describe('Who asked') }),
  example: { drop: exampleDrop, by: 'dgilmore' },
}

export const blessingRequested = defineEvent({
  ...request,
  subject: 'drop.blessing.requested.v1',
  means: 'a release engineer gives the blessing',
  summary: '{by} asks to bless {drop}',
})

export const cancellationRequested = defineEvent({
  ...request,
  subject: 'drop.cancellation.requested.v1',
  means: 'a person wants the drop stopped',
  summary: '{by} asks to cancel {drop}',
})

export const supersessionRequested = defineEvent({
  ...request,
  schema: request.schema.extend({ reason: withdrawalReason.optional() }),
  example: { ...request.example, reason: 'the images accept an empty password' },
  subject: 'drop.supersession.requested.v1',
  means: 'a person, or a respin of its compose, wants the drop replaced and withdrawn',
  summary: '{by} asks to supersede {drop}',
})

export const retryRequested = defineEvent({
  ...request,
  subject: 'drop.retry.requested.v1',
  means: 'a person takes a failed or cancelled drop up again',
  summary: '{by} asks to retry {drop}',
})

export const dropRequested = defineEvent({
  outside: 'operator',
  subject: 'drop.requested.v1',
  means: 'a person hands in a compose message and wants its drop now, whatever the cadence says',
  schema: z.strictObject({
    topic: z.string().describe('Topic of the message, without the prefix'),
    message: z.record(z.string(), z.unknown()).describe('The compose message as it came'),
    images: z.array(z.string()).nullable().describe('Only these images of the plan, as `generic.x86_64`'),
    by: z.string().min(1),
  }),
  example: {
    topic: 'pungi.compose.status.change',
    message: {
      compose_id: 'Fedora-Rawhide-20180426.n.0',
      location: 'https://kojipkgs.fedoraproject.org/compose/rawhide/Fedora-Rawhide-20180426.n.0/compose',
      status: 'FINISHED',
    },
    images: null,
    by: 'dgilmore',
  },
  summary: '{by} asks for a drop of {message.compose_id|a compose without an id}',
})
export type DropRequested = BodyOf<typeof dropRequested>

/** Everything that an operator may ask for. */
export const operatorRequests = [
  dropRequested,
  blessingRequested,
  cancellationRequested,
  retryRequested,
  supersessionRequested,
] as const

const subjects = new Set<string>(operatorRequests.map(({ subject }) => subject))

/** Whether a subject is one that operators ask on. A service may say it too, and then it is that service's own word. */
export function isOperatorRequest(subject: string): boolean {
  return subjects.has(subject)
}
