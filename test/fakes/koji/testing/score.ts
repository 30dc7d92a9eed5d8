import type { Hub } from '../hub.ts'
import { makeTask } from '../tasks.ts'
import type { World } from '../world.ts'
import type { Endings } from './stage.ts'

type Direction = (hub: Hub, endings: Endings) => void

/** What somebody did to the hub before an exchange, by the exchange's number: an administrator, the clock, a builder. */
export const before: Readonly<Record<number, Direction>> = {
  // The first tasks that were recorded had a builder that took fewer steps than kojid does.
  15: ({ builder, world }) => {
    builder.open(5)
    world.last.task = 5
    for (const arch of ['x86_64', 'aarch64']) builder.subtask(5, 'createImage', [], arch, arch).awaited = null
    for (const task of world.tasks.values()) task.waiting = null
  },
  19: ({ builder }) => {
    builder.begin(6)
  },
  26: ({ builder }, endings) => {
    builder.close(6, valueOf(endings, 6))
    builder.begin(7)
    builder.fail(7, 1, textOf(endings, 7))
  },
  29: ({ builder }, endings) => {
    builder.close(5, valueOf(endings, 5))
  },
  // As kojid would not, it did not look at the children before it gave up.
  173: ({ builder }) => {
    builder.fail(45, 1000, 'Task 46 is canceled')
  },
  194: ({ world }) => {
    world.last.task = 48
    makeTask(world, 'image', [], { owner: 2, channel: 'image' })
  },
  300: ({ world }) => {
    // The call before, which wrote something, was not recorded.
    const session = world.sessions.get(74)
    if (session) session.callnum = 1002
  },
  310: ({ world }) => {
    world.sessions.get(78)?.startedAt.setTime(world.now().getTime() - 25 * 60 * 60_000)
  },
  387: (hub) => {
    hub.expire(94)
  },
  398: ({ world }) => void user(world, 'imagedrop')?.permissions.delete('image'),
  400: ({ world }) => void user(world, 'imagedrop')?.permissions.add('image'),
  401: (hub) => {
    hub.collectGarbage(23, 'scratch')
  },
  405: (hub) => {
    hub.collectGarbage(24, 'all')
  },
  397: ({ world }) => {
    move(world, 97)
  },
  448: ({ world }) => {
    move(world, 104)
  },
  453: ({ world }) => {
    move(world, 104, '127.0.0.1')
  },
  476: ({ world }) => void world.plugins.delete('kiwi'),
  477: ({ world }) => void world.plugins.delete('osbuild'),
  478: ({ world }) => void world.plugins.delete('image_builder'),
  479: ({ world }) => void world.plugins.add('kiwi').add('osbuild').add('image_builder'),
  574: ({ builder }, endings) => {
    builder.fail(119, 1018, textOf(endings, 119))
  },
}

/** How the hub was set up, for as long as it was. */
export function setUp(world: World, id: number): void {
  const within = (from: number, to: number) => id >= from && id <= to
  world.options.lockOut = within(432, 437)
  world.options.disableUrlSessions = within(442, 444)
  world.options.offline = null
  if (within(79, 80) || within(450, 452)) world.options.offline = 'database outage'
  if (within(438, 440)) world.options.offline = 'server is offline'
  if (id === 475) world.options.offline = 'configuration error'
  const watcher = user(world, 'watcher')
  if (watcher) watcher.blocked = within(390, 391)
  for (const channel of world.channels) channel.enabled = !(id === 207 && channel.name === 'image')
}

function user(world: World, name: string) {
  return world.users.find((one) => one.name === name)
}

/** The hub bound the session to another address than its bearer now has. */
function move(world: World, id: number, address = 'elsewhere'): void {
  const session = world.sessions.get(id)
  if (session) session.hostip = address
}

function valueOf({ results }: Endings, id: number) {
  const result = results.get(id)
  return result && 'value' in result ? result.value : null
}

function textOf({ results }: Endings, id: number): string {
  const result = results.get(id)
  return result && 'text' in result ? result.text : ''
}
