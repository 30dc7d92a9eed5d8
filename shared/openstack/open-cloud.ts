import { readFile } from 'node:fs/promises'
import type { Send, Wire } from '#publishing/http.ts'
import { readCloud } from './clouds-file.ts'
import { authorize, type Service } from './keystone.ts'
import { createSessions, type Session } from './session.ts'

interface OpenCloudOptions {
  /** How messages call it. */
  readonly place: string
  /** Its entry in clouds.yaml. */
  readonly name: string
  readonly region: string | null
  /** Another clouds.yaml than OpenStack's tools find. */
  readonly cloudsFile: string | null
  readonly env: Readonly<Record<string, string | undefined>>
  readonly silenceSeconds: number
  readonly connect: (wire: Wire) => Send
  /** By which clock tokens run out; this machine's unless said. */
  readonly now?: () => number
}

/** Reads a cloud's entry and gives sessions with its services. Asks nothing of the cloud yet. */
export async function openCloud(options: OpenCloudOptions): Promise<(service: Service) => Session> {
  const { place, name, region, cloudsFile, env, silenceSeconds, connect, now = Date.now } = options
  const cloud = await readCloud(name, cloudsFile, env)
  const ca = cloud.cacert === undefined ? null : await readFile(cloud.cacert, 'utf8')
  const send = connect({ ca, verify: cloud.verify, silence: silenceSeconds * 1000 })
  return createSessions(send, (signal) => authorize(place, cloud, region, send, signal), now)
}
