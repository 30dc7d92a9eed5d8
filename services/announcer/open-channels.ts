import type { DeliverOnce } from './deliveries.ts'
import type { OpenChannel } from './tell.ts'
import type { ChannelHost } from './channels/channel.ts'
import type { FoundChannel } from './channels/find-channels.ts'

interface Opening {
  readonly settingsOf: (channel: FoundChannel) => Record<string, unknown>
  readonly host: Omit<ChannelHost, 'deliverOnce'>
  readonly deliverOnceOf: (channel: string) => DeliverOnce
}

/** Opens the channels that are set up. */
export function openChannels(
  found: readonly FoundChannel[],
  { settingsOf, host, deliverOnceOf }: Opening,
): OpenChannel[] {
  return found.flatMap((declared) => {
    const { name, kind } = declared
    const channel = declared.open(settingsOf(declared), { ...host, deliverOnce: deliverOnceOf(name) })
    return channel ? [{ name, kind, channel }] : []
  })
}
