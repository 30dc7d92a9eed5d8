import { randomUUID } from 'node:crypto'

/** What the cloud knows of a template. */
export interface FakeTemplate {
  readonly id: string
  readonly account: string
  readonly zoneid: string
  readonly name: string
  readonly displaytext: string
  readonly url: string
  readonly checksum: string
  readonly fields: Readonly<Record<string, string>>
  readonly created: string
  ispublic: boolean
  isfeatured: boolean
  isready: boolean
  status: string
  failed: boolean
}

export interface FakeAccount {
  readonly name: string
  readonly key: string
  readonly secret: string
  readonly admin: boolean
}

/** How this cloud is set up, and what goes wrong in it. */
export interface CloudOptions {
  /** `api.allow.public.templates` of the account. */
  readonly publicTemplates?: boolean
  /** How many templates an account may have. */
  readonly templateLimit?: number
  /** `enforce.post.requests.and.timestamps`. */
  readonly enforceTimestamps?: boolean
  /** A host and port besides the usual ports that it fetches from: a test's mirror is on loopback. */
  readonly mirror?: string
}

/** All that the cloud remembers. */
export interface CloudWorld {
  readonly options: CloudOptions
  readonly accounts: FakeAccount[]
  readonly zones: readonly { readonly id: string; readonly name: string }[]
  readonly osTypes: readonly { readonly id: string; readonly description: string }[]
  readonly templates: FakeTemplate[]
  readonly jobs: Map<string, { jobstatus: number; jobresult?: object }>
  publicTemplates: boolean
  clock: () => Date
  /** Downloads wait for this; a test holds them here. */
  fetchGate: Promise<void>
}

export function createWorld(options: CloudOptions): CloudWorld {
  return {
    options,
    accounts: [],
    zones: ['zone-1', 'zone-2'].map((name) => ({ id: randomUUID(), name })),
    osTypes: ['CentOS 7', 'Debian GNU/Linux 12 (64-bit)', 'Other Linux (64-bit)'].map((description) => ({
      id: randomUUID(),
      description,
    })),
    templates: [],
    jobs: new Map(),
    publicTemplates: options.publicTemplates ?? true,
    clock: () => new Date(),
    fetchGate: Promise.resolve(),
  }
}
