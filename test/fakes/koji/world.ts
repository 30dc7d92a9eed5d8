import type { Value } from '../../../services/builder/engines/koji/rpc/value.ts'

/** Everything that a hub keeps in its database, in one object; made anew for each hub. */
export interface World {
  readonly users: User[]
  readonly tags: Tag[]
  readonly targets: Target[]
  readonly channels: Channel[]
  readonly hosts: Host[]
  readonly sessions: Map<number, Session>
  readonly tasks: Map<number, Task>
  /** Why hosts would not have tasks. */
  readonly refusals: { readonly taskId: number; readonly hostId: number; readonly why: string; readonly at: Date }[]
  readonly builds: Build[]
  readonly archives: Archive[]
  /** Names that may be built into a tag, as `tag/name`. */
  readonly packages: Set<string>
  readonly plugins: Set<'kiwi' | 'osbuild' | 'image_builder'>
  readonly options: Options
  readonly last: { task: number; session: number; event: number }
  now: () => Date
}

/** Settings of the hub that change what it answers. */
export interface Options {
  /** Text of the outage, or null: the hub is there. */
  offline: string | null
  lockOut: boolean
  disableUrlSessions: boolean
  /** Whether a certificate that is signed by the right authority makes its bearer a user. */
  loginCreatesUser: boolean
}

export interface User {
  readonly id: number
  readonly name: string
  readonly password: string
  readonly permissions: Set<string>
  blocked: boolean
}

export interface Tag {
  readonly id: number
  readonly name: string
  readonly arches: string
}

export interface Target {
  readonly id: number
  readonly name: string
  readonly buildTag: number
  readonly destinationTag: number
}

export interface Channel {
  readonly id: number
  readonly name: string
  enabled: boolean
}

export interface Host {
  readonly id: number
  readonly userId: number
  readonly name: string
  readonly arches: string
}

export interface Session {
  readonly id: number
  key: string
  readonly userId: number
  readonly authtype: number
  readonly master: number | null
  hostip: string
  callnum: number | null
  expired: boolean
  closed: boolean
  exclusive: boolean
  readonly startedAt: Date
  renewedAt: Date | null
  updatedAt: Date
}

export interface Task {
  readonly id: number
  readonly method: string
  readonly arch: string
  readonly channelId: number
  readonly owner: number
  readonly parent: number | null
  readonly label: string | null
  readonly priority: number
  readonly request: readonly Value[]
  readonly createdAt: Date
  state: number
  hostId: number | null
  startedAt: Date | null
  completedAt: Date | null
  waiting: boolean | null
  awaited: boolean | null
  /** A value, or a fault when the task failed. */
  result: { readonly value: Value } | { readonly code: number; readonly text: string } | null
}

export interface Build {
  readonly id: number
  readonly name: string
  readonly version: string
  readonly release: string
  readonly taskId: number
  readonly owner: number
  readonly event: number
  readonly packageId: number
  readonly startedAt: Date
  readonly createdAt: Date
  state: number
  completedAt: Date | null
  readonly tags: number[]
}

export interface Archive {
  readonly id: number
  readonly buildId: number
  readonly filename: string
  readonly size: number
  readonly sha256: string
  readonly rpms: readonly Value[]
}

const allArches = 'x86_64 aarch64 i686'

/** The hub that was recorded: its users, tags, target, channels and hosts, with their numbers. */
export function createWorld(now: () => Date): World {
  const user = (id: number, name: string, ...permissions: string[]): User => ({
    id,
    name,
    password: 'dummy-password',
    permissions: new Set(permissions),
    blocked: false,
  })
  const channel = (id: number, name: string): Channel => ({ id, name, enabled: true })
  return {
    users: [
      user(1, 'kojiadmin', 'admin'),
      user(2, 'imagedrop', 'appliance', 'image', 'livecd', 'livemedia'),
      user(3, 'watcher'),
      user(4, 'nopriv'),
      user(5, 'releng', 'appliance', 'image', 'livecd', 'livemedia'),
      user(6, 'builder1.example.com'),
      user(7, 'builder2.example.com'),
    ],
    tags: [
      { id: 1, name: 'f43', arches: allArches },
      { id: 2, name: 'f43-build', arches: allArches },
      { id: 3, name: 'f43-updates-candidate', arches: '' },
    ],
    targets: [{ id: 1, name: 'f43', buildTag: 2, destinationTag: 3 }],
    channels: [
      channel(1, 'default'),
      channel(2, 'createrepo'),
      channel(3, 'maven'),
      channel(4, 'livecd'),
      channel(5, 'appliance'),
      channel(6, 'vm'),
      channel(7, 'image'),
      channel(8, 'livemedia'),
    ],
    hosts: [
      { id: 1, userId: 6, name: 'builder1.example.com', arches: allArches },
      { id: 2, userId: 7, name: 'builder2.example.com', arches: 'x86_64' },
    ],
    sessions: new Map(),
    tasks: new Map(),
    refusals: [],
    builds: [],
    archives: [],
    packages: new Set(
      ['Fedora-Cloud-Base', 'Fedora-Cloud-Base-Generic', 'Fedora-Workstation-Live'].map(
        (name) => `f43-updates-candidate/${name}`,
      ),
    ),
    plugins: new Set(['kiwi', 'osbuild', 'image_builder']),
    options: { offline: null, lockOut: false, disableUrlSessions: false, loginCreatesUser: true },
    last: { task: 0, session: 0, event: 0 },
    now,
  }
}
