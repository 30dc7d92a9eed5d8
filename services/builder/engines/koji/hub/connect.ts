import { z } from 'zod'
import type { Credentials } from '../rpc/credentials.ts'
import { BadReply } from '../rpc/decode.ts'
import type { HubAddress } from '../rpc/exchange.ts'
import { createReader } from '../rpc/reader.ts'
import { createSession, type Session } from '../rpc/session.ts'
import { createQueries, type Queries } from './queries.ts'

/** A hub as the engine uses it: what anybody may ask of it, and the session of this process. */
export interface KojiHub extends AsyncDisposable {
  readonly address: HubAddress
  /** Where the hub's files are served: `https://kojipkgs.example.org`. */
  readonly files: HubAddress
  readonly queries: Queries
  readonly session: Session
  /** The number of the user that we are. */
  me(signal?: AbortSignal): Promise<number>
}

export interface KojiHubOptions {
  readonly address: HubAddress
  readonly files: HubAddress
  readonly credentials: Credentials
  readonly pauses?: readonly number[]
}

/** Connects to a hub. Nothing is asked of it before it is needed. */
export function connectHub({ address, files, credentials, pauses }: KojiHubOptions): KojiHub {
  const patience = pauses ? { pauses } : {}
  const session = createSession({ hub: address, credentials, ...patience })
  let known: number | null = null
  return {
    address,
    files,
    queries: createQueries(createReader({ hub: address, ...patience })),
    session,
    async me(signal) {
      if (known !== null) return known
      const user = z
        .object({ id: z.int() })
        .safeParse(await session.ask({ method: 'getLoggedInUser', args: [] }, signal))
      if (!user.success) throw new BadReply('the hub does not say who we are')
      known = user.data.id
      return known
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}
