import { translate } from '../aws/errors.ts'
import { partitionOf } from '../aws/partitions.ts'
import { connectRegion, type Credentials, type Region } from '../aws/region.ts'
import type { Ec2Settings } from '../config.ts'
import { isBestEffort } from './outcomes.ts'

/** How the operations of a cloud reach its regions. */
export interface Connections {
  readonly settings: Ec2Settings
  /** A region, with the patience that there is for another one on whose behalf it is asked. */
  readonly connect: (name: string, signal: AbortSignal, onBehalfOf?: string) => Promise<Region>
  /** The region as another account sees it, by the profile that is configured for that; null without one. */
  readonly connectWitness: (name: string, signal: AbortSignal) => Promise<Region | null>
  /** Does something in a region; its errors say what was being done, where, and what they mean to the job. */
  readonly within: <Result>(
    name: string,
    doing: string,
    signal: AbortSignal,
    act: (region: Region) => Promise<Result>,
  ) => Promise<Result>
}

/** Without credentials, they are looked for as AWS's own tools do. */
export function createConnections(settings: Ec2Settings, credentials?: Credentials): Connections {
  const connect = async (name: string, signal: AbortSignal, onBehalfOf = name) =>
    await connectRegion(name, { settings: patienceFor(onBehalfOf, settings), credentials, signal })
  return {
    settings,
    connect,
    async connectWitness(name, signal) {
      if (settings.witnesses[await partitionOf(name)] === undefined) return null
      const asWitness = { ...patienceFor(name, settings), profiles: settings.witnesses }
      return await connectRegion(name, { settings: asWitness, credentials: undefined, signal })
    },
    within: async (name, doing, signal, act) =>
      await inWords(`${doing} in ${name}`, signal, async () => {
        using region = await connect(name, signal)
        return await act(region)
      }),
  }
}

/** Nobody waits long for a region that a drop can do without. */
function patienceFor(name: string, settings: Ec2Settings): Ec2Settings {
  if (!isBestEffort(name, settings)) return settings
  return { ...settings, patienceSeconds: Math.min(settings.patienceSeconds, settings.bestEffortPatienceSeconds) }
}

/** Says of an error of AWS's what it came from and what it means. */
export async function inWords<Result>(doing: string, signal: AbortSignal, act: () => Promise<Result>): Promise<Result> {
  signal.throwIfAborted()
  try {
    return await act()
  } catch (error) {
    signal.throwIfAborted()
    throw translate(error, doing)
  }
}
