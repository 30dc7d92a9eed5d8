import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { ArtifactStoreRefused, ArtifactStoreUnavailable } from '../store.ts'
import { createS3Store } from './open.ts'

/** Answers every request in the same way, as a service does that has trouble; the real server of the other tests has none. */
async function startTrouble(status: number, code: string, message: string) {
  let requests = 0
  const server = createServer((request, response) => {
    requests += 1
    request.resume()
    request.on('end', () => {
      response.writeHead(status, { 'content-type': 'application/xml' })
      response.end(request.method === 'HEAD' ? '' : `<Error><Code>${code}</Code><Message>${message}</Message></Error>`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-s3-'))
  const store = await createS3Store({
    bucket: 'drops',
    endpoint: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    credentials: { accessKeyId: 'one', secretAccessKey: 'two' },
    forcePathStyle: true,
    cacheFolder: folder,
    checksums: 'supported',
    attempts: 2,
    log: pino({ level: 'silent' }),
  })
  return {
    store,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true })
    },
  }
}

const ref = { uri: 'artifact:x', sha256: 'ab'.repeat(32), size: 1, format: 'raw' }

it.each<[number, string, typeof ArtifactStoreRefused | typeof ArtifactStoreUnavailable, string]>([
  [503, 'SlowDown', ArtifactStoreUnavailable, 'SlowDown'],
  [500, 'InternalError', ArtifactStoreUnavailable, 'InternalError'],
  [400, 'RequestTimeout', ArtifactStoreUnavailable, 'RequestTimeout'],
  [400, 'ExpiredToken', ArtifactStoreRefused, 'the credentials have expired'],
  [403, 'AccessDenied', ArtifactStoreRefused, 'we have no right to do this'],
  [403, 'InvalidAccessKeyId', ArtifactStoreRefused, 'the access key is not known'],
  [301, 'PermanentRedirect', ArtifactStoreRefused, 'the bucket is in another region'],
  [409, 'OperationAborted', ArtifactStoreRefused, 'refuses (OperationAborted'],
])('HTTP %i %s is told as what it means', async (status, code, kind, words) => {
  await using trouble = await startTrouble(status, code, 'the words of the server')
  const error: unknown = await trouble.store.open(ref).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(kind)
  expect(String(error)).toContain(words)
  expect(String(error)).toContain('the words of the server')
  await expect(trouble.store.keepBytes('new', 'log')).rejects.toThrow(kind)
})

it('is asked again where that may help, and not where it cannot', async () => {
  await using busy = await startTrouble(503, 'SlowDown', 'please')
  await expect(busy.store.verify(ref)).rejects.toThrow(ArtifactStoreUnavailable)
  expect(busy.requests()).toBeGreaterThan(1)
  await using refusing = await startTrouble(403, 'AccessDenied', 'no')
  await expect(refusing.store.verify(ref)).rejects.toThrow(ArtifactStoreRefused)
  expect(refusing.requests()).toBe(1)
})
