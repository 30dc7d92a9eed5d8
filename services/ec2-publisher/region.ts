import type { EBS } from '@aws-sdk/client-ebs'
import type { EC2 } from '@aws-sdk/client-ec2'
import { emulatorAccount } from './emulator/credentials.ts'
import type { Ec2Settings } from './config.ts'

/** One region of the cloud, with clients that share nothing with other regions. */
export interface Region extends Disposable {
  readonly name: string
  readonly ec2: EC2
  readonly ebs: EBS
}

/** Makes the clients of a region. The SDK is loaded here, on first use: it costs half a second and 90 MB. */
export async function connectRegion(name: string, settings: Ec2Settings): Promise<Region> {
  const { EC2 } = await import('@aws-sdk/client-ec2')
  const { EBS } = await import('@aws-sdk/client-ebs')
  const common = {
    region: name,
    // We try again ourselves, in wait.ts: with one policy, that a signal ends.
    maxAttempts: 1,
    ...(settings.endpoint === null ? {} : { endpoint: settings.endpoint }),
    ...(settings.emulated ? { credentials: emulatorAccount } : {}),
  }
  const ec2 = new EC2({ ...common, requestHandler: { requestTimeout: 60_000, connectionTimeout: 10_000 } })
  // The default of 50 sockets would hold back more connections than that; one each is what AWS advises.
  const agent = { keepAlive: true, maxSockets: settings.connections }
  const ebs = new EBS({
    ...common,
    requestHandler: { requestTimeout: 60_000, connectionTimeout: 10_000, httpAgent: agent, httpsAgent: agent },
  })
  return {
    name,
    ec2,
    ebs,
    [Symbol.dispose]() {
      ec2.destroy()
      ebs.destroy()
    },
  }
}
