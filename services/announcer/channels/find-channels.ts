import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ChannelDeclaration } from './channel.ts'

/** A channel with the name of its folder. */
export interface FoundChannel extends ChannelDeclaration {
  readonly name: string
  readonly path: string
}

/**
 * Finds the channels of some folders, in the order of their names: each folder in them that has a `channel.ts`, which
 * exports `channel`. A folder that is not there has none.
 */
export async function findChannels(roots: readonly string[]): Promise<FoundChannel[]> {
  const found = await Promise.all(roots.flatMap(channelFolders).map(readChannel))
  for (const [index, { name, path }] of found.entries()) {
    const other = found.slice(0, index).find((one) => one.name === name)
    if (other) throw new Error(`the channel ${name} is in two folders: ${other.path} and ${path}`)
  }
  return found.toSorted((one, other) => (one.name < other.name ? -1 : 1))
}

function channelFolders(root: string): { name: string; path: string }[] {
  if (!existsSync(root)) return []
  return readdirSync(root)
    .map((name) => ({ name, path: join(root, name) }))
    .filter(({ path }) => existsSync(join(path, 'channel.ts')))
}

async function readChannel({ name, path }: { name: string; path: string }): Promise<FoundChannel> {
  const { channel } = (await import(join(path, 'channel.ts'))) as { channel?: ChannelDeclaration }
  if (!channel) throw new Error(`${path}/channel.ts exports no channel`)
  return { ...channel, name, path }
}
