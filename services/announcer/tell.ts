import type { DropAnnounced } from '#events/drop-announced.ts'
import { messageOf, PermanentError, TransientError } from '#service/errors.ts'
import { failureClassOf, isTransient } from '#service/failure.ts'
import type { Channel, ChannelDeclaration } from './channels/channel.ts'
import type { News } from './story/news.ts'
import type { Story } from './story/story.ts'

/** A channel that is in use. */
export interface OpenChannel {
  readonly name: string
  readonly kind: ChannelDeclaration['kind']
  readonly channel: Channel
}

/** Tells by all channels, the places before the messages; resolves with who was told. */
export async function tellByAll(
  channels: readonly OpenChannel[],
  story: Story,
  signal: AbortSignal,
): Promise<DropAnnounced['told']> {
  const told = await askAll(channels, signal, async ({ name, channel }) => {
    const people = await channel.tell(story, signal)
    return people.map(({ to, id }) => ({ channel: name, to, id }))
  })
  return told.flat()
}

/** Has all channels that people come back to show a drop as it is now; nobody is told. */
export async function showByAll(channels: readonly OpenChannel[], story: Story, signal: AbortSignal): Promise<void> {
  await askAll(channels, signal, ({ channel }) => channel.show?.(story, signal) ?? Promise.resolve())
}

/** Lets all channels know that a drop was withdrawn, so that they show it no longer, and then tell of it. */
export async function withdrawFromAll(
  channels: readonly OpenChannel[],
  { story, news }: { readonly story: Story; readonly news: News },
  signal: AbortSignal,
): Promise<void> {
  await askAll(channels, signal, async ({ channel }) => {
    await channel.withdraw(story, signal)
    await channel.report?.(news, signal)
  })
}

/** Tells by all channels what else happens to a drop. */
export async function reportByAll(channels: readonly OpenChannel[], news: News, signal: AbortSignal): Promise<void> {
  await askAll(channels, signal, ({ channel }) => channel.report?.(news, signal) ?? Promise.resolve())
}

/** Tells what became of a drop that is not published, and has the calendar say so. */
export async function reportOutcomeByAll(
  channels: readonly OpenChannel[],
  news: News,
  signal: AbortSignal,
): Promise<void> {
  await askAll(channels, signal, async ({ channel }) => {
    await channel.renew?.(signal)
    await channel.report?.(news, signal)
  })
}

/** Has all places show the calendar, and what audits found, as it is now. */
export async function renewByAll(channels: readonly OpenChannel[], signal: AbortSignal): Promise<void> {
  await askAll(channels, signal, ({ channel }) => channel.renew?.(signal) ?? Promise.resolve())
}

interface Failure {
  readonly channel: string
  readonly error: unknown
}

/** Asks every channel, whatever becomes of the others, and then throws if one has failed. */
async function askAll<Answer>(
  channels: readonly OpenChannel[],
  signal: AbortSignal,
  ask: (channel: OpenChannel) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = []
  const failures: Failure[] = []
  for (const kind of ['place', 'message'] as const) {
    const asked = channels.filter((one) => one.kind === kind)
    const results = await Promise.allSettled(asked.map(ask))
    for (const [index, result] of results.entries()) {
      if (result.status === 'fulfilled') answers.push(result.value)
      else failures.push({ channel: asked[index]?.name ?? '', error: result.reason })
    }
    signal.throwIfAborted()
  }
  if (failures.length > 0) throw whatFailed(failures)
  return answers
}

/** As long as one channel may still get through, the job is worth another try. */
function whatFailed(failures: readonly Failure[]): Error {
  const message = failures.map(({ channel, error }) => `${channel}: ${messageOf(error)}`).join('; ')
  const cause = failures.length === 1 ? failures[0]?.error : failures.map(({ error }) => error)
  if (failures.some(({ error }) => isTransient(error))) return new TransientError(message, { cause })
  return new PermanentError(failureClassOf(failures[0]?.error), message, { cause })
}
