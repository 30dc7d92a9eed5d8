import { Resolver } from 'node:dns/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { answerQuery, serveNames } from './names.ts'

let socket: Awaited<ReturnType<typeof serveNames>>
let resolver: Resolver
beforeAll(async () => {
  socket = await serveNames(new Map([['metadata.google.internal', '169.254.169.254']]), '127.0.0.1', 0)
  resolver = new Resolver({ timeout: 5_000, tries: 1 })
  resolver.setServers([`127.0.0.1:${String(socket.address().port)}`])
})
afterAll(() => {
  socket.close()
})

it("a resolver learns the cloud's names, however they are written", async () => {
  expect(await resolver.resolve4('Metadata.Google.Internal')).toEqual(['169.254.169.254'])
})

it('of another name it learns at once that there is none', async () => {
  await expect(resolver.resolve4('archive.example.org')).rejects.toMatchObject({ code: 'ENOTFOUND' })
})

it('a known name has no address of another kind', async () => {
  await expect(resolver.resolve6('metadata.google.internal')).rejects.toMatchObject({ code: 'ENODATA' })
})

it.each([
  ['nothing', ''],
  ['half a header', '000101000001'],
  ['an answer', '0001810000010000000000000161000001 0001'],
  ['a name that never ends', '00010100000100000000000003616263'],
  ['a name that points elsewhere', '000101000001000000000000c00c00010001'],
])('%s is not answered', (_, hex) => {
  expect(answerQuery(Buffer.from(hex.replaceAll(' ', ''), 'hex'), new Map())).toBeNull()
})
