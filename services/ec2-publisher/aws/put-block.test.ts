import { hash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer as createPlainServer, request as ask, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { readEc2PublisherConfig } from '../config.ts'
import { emulatorAccount } from '../emulator/credentials.ts'
import { setUpFrozen, type EmulatedCloud } from '../emulator/testing/emulated-cloud.ts'
import { standIn } from '../stand-in.ts'
import { connectRegion } from './region.ts'

const blockSize = 524_288

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-put-block-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

async function open(bench: EmulatedCloud, endpoint = bench.emulator.url) {
  const settings = readEc2PublisherConfig({
    ...standIn.settings(endpoint),
    IMAGEDROP_EC2_PUBLISHER_POLL_SECONDS: '0.02',
  })
  const { signal } = new AbortController()
  const region = await connectRegion('us-east-1', { settings, credentials: emulatorAccount, signal })
  const { SnapshotId: snapshotId = '' } = await region.ebs.startSnapshot({ VolumeSize: 1 })
  bench.pass(10)
  const put = async (index: number, change: { readonly digest?: Buffer; readonly snapshotId?: string } = {}) => {
    const bytes = randomBytes(blockSize)
    const block = { snapshotId, index, bytes, digest: hash('sha256', bytes, 'buffer'), ...change }
    await region.putBlock(block, signal)
    return block.digest
  }
  const complete = async (digests: readonly Buffer[]) =>
    await region.ebs.completeSnapshot({
      SnapshotId: snapshotId,
      ChangedBlocksCount: digests.length,
      Checksum: hash('sha256', Buffer.concat(digests), 'base64'),
      ChecksumAlgorithm: 'SHA256',
      ChecksumAggregationMethod: 'LINEAR',
    })
  return { region, put, complete, [Symbol.dispose]: region[Symbol.dispose] }
}

/** Hands every request on to the emulator, and keeps by whom each block was sent. */
function forwardTo(url: string, agents: (string | undefined)[]): RequestListener {
  return (request, response) => {
    const { method, headers } = request
    if (method === 'PUT') agents.push(headers['user-agent'])
    const onward = ask(new URL(request.url ?? '', url), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  }
}

async function listen(server: Server): Promise<{ readonly port: number } & AsyncDisposable> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close().closeAllConnections()
      await once(server, 'close')
    },
  }
}

it.each(['http', 'https'])('puts blocks by signed requests of its own over %s', async (scheme) => {
  await using bench = await setUpFrozen()
  const agents: (string | undefined)[] = []
  const forward = forwardTo(bench.emulator.url, agents)
  await using place = await listen(
    scheme === 'http' ? createPlainServer(forward) : createSecureServer(await makeCertificate(), forward),
  )
  using cloud = await open(bench, `${scheme}://127.0.0.1:${String(place.port)}`)
  const digests = [await cloud.put(1), await cloud.put(2)]
  expect(await cloud.complete(digests)).toMatchObject({ Status: 'pending' })
  expect(agents).toEqual(['imagedrop', 'imagedrop'])
})

/** One that this process trusts from now on. */
async function makeCertificate() {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const made = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=test',
  ]
  await run('openssl', [
    'req',
    '-x509',
    ...made,
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-keyout',
    key,
    '-out',
    cert,
  ])
  const certificate = await readFile(cert, 'utf8')
  setDefaultCACertificates([...getCACertificates('default'), certificate])
  return { key: await readFile(key), cert: certificate }
}

it('puts a block once more through the SDK when it was not taken, whatever the reason', async () => {
  const seen: string[] = []
  const faults = ['lost', 'throttled', 'unheard', 'broken'] as const
  await using bench = await setUpFrozen({
    faults: ({ operation }) => {
      if (operation !== 'PutSnapshotBlock') return null
      // Every second one, which is the SDK's, comes through.
      return seen.push(operation) % 2 === 1 ? (faults[(seen.length - 1) / 2] ?? null) : null
    },
  })
  using cloud = await open(bench)
  const digests: Buffer[] = []
  for (const [index] of faults.entries()) digests.push(await cloud.put(index))
  expect(await cloud.complete(digests)).toMatchObject({ Status: 'pending' })
  expect(seen).toHaveLength(8)
})

it('tells why AWS takes no block in the words of the SDK', async () => {
  await using bench = await setUpFrozen()
  using cloud = await open(bench)
  await expect(cloud.put(2048)).rejects.toMatchObject({ name: 'ValidationException', Reason: 'INVALID_BLOCK' })
  await expect(cloud.put(1, { snapshotId: 'snap-00000000000000000' })).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  })
})
