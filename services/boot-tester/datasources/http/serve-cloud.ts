import { appendFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { socketFolder } from '#files/socket-folder.ts'
import type { Cloud, CloudDisk, CloudIdentity, GuestRequest } from '../datasource.ts'
import type { Answers } from './answer.ts'
import { serveAnswers } from './serve-answers.ts'

/** A service of a cloud, and the addresses at which its guests find it. */
export interface CloudService {
  readonly addresses: readonly string[]
  readonly port: number
  readonly names?: readonly string[]
  readonly answers: Answers
}

interface CloudOptions {
  readonly identity: CloudIdentity
  readonly disks?: readonly CloudDisk[]
  readonly services: readonly CloudService[]
  readonly folder: string
}

/** Opens a cloud whose services are ours: each address has a socket of its own, so that requests tell where they came. */
export async function serveCloud({ identity, disks = [], services, folder }: CloudOptions): Promise<Cloud> {
  await mkdir(folder, { recursive: true })
  const requestLog = join(folder, 'requests.jsonl')
  await writeFile(requestLog, '')
  const requests: GuestRequest[] = []
  const onRequest = (request: GuestRequest) => {
    requests.push(request)
    // At once, so that it is there however this ends; guests ask some dozens of times in all.
    appendFileSync(requestLog, `${JSON.stringify(request)}\n`)
  }
  await using opening = new AsyncDisposableStack()
  const sockets = await socketFolder(join(folder, 'cloud'))
  opening.defer(() => rm(sockets, { recursive: true, force: true }))
  const places = services.flatMap((service) => service.addresses.map((address) => ({ ...service, address })))
  const servers = await Promise.all(
    places.map(async ({ address, port, names = [], answers }, index) => {
      const socket = join(sockets, String(index))
      const at = `http://${address.includes(':') ? `[${address}]` : address}:${String(port)}`
      opening.use(await serveAnswers({ answers, listen: { path: socket }, at: at.replace(/:80$/, ''), onRequest }))
      return { address, port, socket, names }
    }),
  )
  const open = opening.move()
  return {
    identity,
    disks,
    servers,
    requests: () => requests,
    requestLog,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
