import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSend, type Send } from '#publishing/http.ts'
import { startCloudStack, type FakeCloudStack } from '#test/fakes/cloudstack/cloud.ts'
import type { CloudOptions, FakeAccount } from '#test/fakes/cloudstack/world.ts'
import { createClouds, type Clouds } from '../cloud.ts'
import { readCloudstackPublisherConfig } from '../config.ts'
import { createOpenPlaces } from '../places.ts'
import type { Dependencies } from '../service.ts'

/** What a request of the publisher meets. */
export type Meets = (request: Parameters<Send>[0], send: () => ReturnType<Send>) => ReturnType<Send>

/** A cloud with an account, an open mirror with one qcow2, and a publisher between them. */
export interface Bench extends AsyncDisposable {
  readonly cloud: FakeCloudStack
  readonly account: FakeAccount
  readonly configFile: string
  readonly dependencies: Dependencies
  /** The file on the mirror. */
  readonly file: { readonly path: string; readonly sha256: string; readonly size: number }
  /** Writes another cloudstack.ini, which finds the cloud at these addresses, by the names of its sections. */
  writeIni(endpoints: Readonly<Record<string, string>>): Promise<string>
  /** What the mirror gives instead of the file, until told otherwise. */
  serve(content: Buffer | null): void
  /** Another publisher with the same account. */
  publisher(settings?: Readonly<Record<string, string>>, meets?: Meets): Clouds
}

const path = 'cloud/debian 12/generic.qcow2'

export async function setUp({
  admin = false,
  ...options
}: CloudOptions & { readonly admin?: boolean } = {}): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-cloudstack-publisher-'))
  const right = randomBytes(100_000)
  let content: Buffer | null = right
  const mirror = createServer((request, response) => {
    const there = request.url === `/${encodeURI(path)}` && content !== null
    response.writeHead(there ? 200 : 404)
    response.end(there ? content : '')
  })
  mirror.listen(0, '127.0.0.1')
  await once(mirror, 'listening')
  const host = `127.0.0.1:${String((mirror.address() as AddressInfo).port)}`
  const cloud = await startCloudStack({ mirror: host, ...options })
  const account = cloud.addAccount('publisher', admin)
  const configFile = join(folder, 'cloudstack.ini')
  await writeFile(configFile, iniOf({ one: cloud.endpoint }, account))
  let files = 0
  function settingsOf(more: Readonly<Record<string, string>>) {
    return readCloudstackPublisherConfig({
      IMAGEDROP_CLOUDSTACK_PUBLISHER_CLOUDS: 'one/zone-1',
      IMAGEDROP_CLOUDSTACK_PUBLISHER_CONFIG_FILE: configFile,
      IMAGEDROP_CLOUDSTACK_PUBLISHER_MIRROR_URL: `http://${host}`,
      IMAGEDROP_CLOUDSTACK_PUBLISHER_POLL_SECONDS: '0.05',
      IMAGEDROP_CLOUDSTACK_PUBLISHER_PATIENCE_SECONDS: '20',
      ...more,
    })
  }
  function publisher(more: Readonly<Record<string, string>> = {}, meets: Meets = (_, send) => send()): Clouds {
    const settings = settingsOf(more)
    const places = createOpenPlaces(settings, {}, (wire) => {
      const send = createSend(wire)
      return (request, signal) => meets(request, () => send(request, signal))
    })
    return createClouds(places, settings)
  }
  return {
    cloud,
    account,
    configFile,
    dependencies: { ...settingsOf({}), clouds: publisher() },
    file: { path, sha256: createHash('sha256').update(right).digest('hex'), size: right.length },
    async writeIni(endpoints) {
      const file = join(folder, `cloudstack-${String(++files)}.ini`)
      await writeFile(file, iniOf(endpoints, account))
      return file
    },
    serve: (other) => {
      content = other
    },
    publisher,
    async [Symbol.asyncDispose]() {
      await cloud[Symbol.asyncDispose]()
      mirror.closeAllConnections()
      mirror.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function iniOf(endpoints: Readonly<Record<string, string>>, { key, secret }: FakeAccount): string {
  const sections = Object.entries(endpoints).map(
    ([name, endpoint]) => `[${name}]\nendpoint = ${endpoint}\nkey = ${key}\nsecret = ${secret}\ntimeout = 30\n`,
  )
  return `; what cs reads\n${sections.join('')}`
}
