import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeKey } from '../testing/keys.ts'
import { betaImages } from '../testing/tree.ts'
import type { Keys } from './check-signatures.ts'
import { findKey } from './find-key.ts'
import { locateDrop, openSource } from './locate.ts'
import { parseSums } from './read-drop.ts'
import { damages } from './testing/damages.ts'
import { other, publishDrop, stem, type PublishedDrop } from './testing/published-drop.ts'
import { verifyDrop, type Verification } from './verify-drop.ts'

let published: PublishedDrop
beforeAll(async () => {
  published = await publishDrop()
}, 120_000)
afterAll(() => published[Symbol.asyncDispose]())
beforeEach(() => published.renew())

const at = (path: string) => published.at(path)

async function verify(image: string | null = null, keys: Keys = published.keys) {
  return await verifyDrop(openSource(join(published.mirror, betaImages)), { keys, image })
}

const wrongsOf = ({ findings }: Verification) =>
  findings.filter(({ outcome }) => outcome === 'wrong').map(({ file, detail }) => `${file ?? ''}: ${detail}`)

describe('a drop as it was published', () => {
  it('is verified from the signature to the compose, and what could not be asked is said', async () => {
    const found = await verify()
    expect(wrongsOf(found)).toEqual([])
    expect(found).toMatchObject({
      verdict: 'verified',
      drop: 'milestone-Fedora-19-20130521.0',
      compose: 'Fedora-19-20130521.0',
    })
    const count = (about: string, outcome: string) =>
      found.findings.filter((one) => one.about === about && one.outcome === outcome).length
    // The list of the drop; two lists and two CHECKSUMs of folders; the bundles of those three lists' first, and of four images.
    expect(count('signature', 'good')).toBe(1 + 2 + 2 + 1 + 4)
    expect([count('packages', 'good'), count('provenance', 'good'), count('boot test', 'good')]).toEqual([4, 4, 4])
    expect(found.findings.filter(({ outcome }) => outcome === 'unknown').map(({ detail }) => detail)).toEqual(
      Array.from({ length: 4 }, () => 'ami-0123456789abcdef0 in ec2 us-east-1: that place was not asked'),
    )
  })

  it('is unproven without a key, whatever its checksums say', async () => {
    const found = await verify(null, { openpgp: null, sigstore: null })
    expect(found.verdict).toBe('unproven')
    expect(found.findings.filter(({ about }) => about === 'signature').map(({ outcome }) => outcome)).toEqual([
      'unknown',
      'unknown',
    ])
  })

  it('is checked for one image alone when that is asked, which leaves the others unread', async () => {
    await rm(at(`${other}.qcow2`))
    expect((await verify('generic.x86_64')).verdict).toBe('verified')
    const options = { keys: published.keys, image: null }
    const source = openSource(join(published.mirror, betaImages))
    expect((await verifyDrop(source, { ...options, named: `${stem}.raw.xz` })).verdict).toBe('verified')
    expect((await verifyDrop(source, { ...options, named: 'drop.json' })).verdict).toBe('wrong')
    expect(wrongsOf(await verify('ec2.x86_64'))).toEqual([`${other}.qcow2: it is missing`])
    expect(wrongsOf(await verify('gcp.x86_64'))[0]).toContain('there is no image gcp.x86_64')
  })

  it('is found from any of its images, and its key by the fingerprint on its mirror', async () => {
    const { source, named } = await locateDrop(at(`${stem}.qcow2`))
    expect(source.where).toBe(join(published.mirror, betaImages))
    expect(named).toBe(`${stem}.qcow2`)
    expect(await findKey(published.fingerprint, source)).toBe(published.keys.openpgp)
    await expect(findKey('A'.repeat(40), source)).rejects.toThrow('the mirror has no GPG-KEY-AAAAAAAAAAAAAAAA.asc')
    await using strange = await makeKey('strange@example.org')
    await writeFile(join(published.mirror, `GPG-KEY-${published.fingerprint.slice(-16)}.asc`), await strange.armored())
    await expect(findKey(published.fingerprint, source)).rejects.toThrow(`not ${published.fingerprint}`)
    await expect(findKey(published.fingerprint.slice(-16), source)).rejects.toThrow(
      'a whole fingerprint of 40 or 64 digits',
    )
    await expect(locateDrop(published.home)).rejects.toThrow('there is no drop.json')
  })
})

it.each(damages)('%s is found by name', async (_what, damage, found) => {
  await damage(published)
  const verification = await verify()
  expect(verification.verdict).toBe('wrong')
  expect(wrongsOf(verification).filter((one) => found.test(one))).not.toEqual([])
})

it('a key that has expired since is told with the day', async () => {
  await using old = await makeKey('old@example.org', { made: '20200101T000000', expires: '1y' })
  await old.sign(at('SHA256SUMS'), at('SHA256SUMS.gpg'))
  const verification = await verify(null, { openpgp: await old.armored(), sigstore: published.keys.sigstore })
  expect(wrongsOf(verification)[0]).toMatch(/^SHA256SUMS.gpg: the key [0-9A-F]{16} has expired on 2020-12-31$/)
})

it('a file that is in no list is told of', async () => {
  await mkdir(at('extra'))
  await writeFile(at('extra/run-me.sh'), 'rm -rf /')
  const { findings, verdict } = await verify()
  expect(verdict).toBe('verified')
  expect(findings.filter(({ file }) => file === 'extra/run-me.sh').map(({ outcome }) => outcome)).toEqual(['unknown'])
})

it.each([
  ['', 'line 1 is no checksum'],
  ['x', 'line 1 is no checksum'],
  [`${'0'.repeat(64)}  /etc/passwd\n`, 'line 1 names a file outside of the drop: "/etc/passwd"'],
  [`${'0'.repeat(64)}  a\n${'1'.repeat(64)}  a\n`, 'line 2 names a a second time'],
])('a list that is none is refused: %j', (text, why) => {
  expect(parseSums(text)).toBe(why)
})

describe('over the web', () => {
  let server: Server
  let base: string
  let answer: (path: string) => Promise<{ status: number; headers?: Record<string, string>; body?: Buffer | string }>
  beforeAll(async () => {
    server = createServer((request, response) => {
      void answer(decodeURIComponent(request.url ?? '')).then(({ status, headers, body }) => {
        response.writeHead(status, headers).end(body)
      })
    })
    server.on('error', () => {})
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  })
  beforeEach(() => {
    answer = async (path) => {
      const body = await readFile(join(published.mirror, path)).catch(() => null)
      return body === null ? { status: 404 } : { status: 200, body }
    }
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const options = () => ({ keys: { ...published.keys, sigstore: null }, image: null })

  it('a drop is verified as in a folder, from the address of an image too', async () => {
    const { source, named } = await locateDrop(`${base}/${betaImages}/${stem}.qcow2`)
    expect(source.where).toBe(`${base}/${betaImages}/`)
    expect(named).toBe(`${stem}.qcow2`)
    expect(await findKey(published.fingerprint, source)).toBe(published.keys.openpgp)
    expect(await verifyDrop(source, options())).toMatchObject({ verdict: 'verified' })
  })

  it('a redirection is not followed, an error is told, and a file without end is left at its size', async () => {
    const honest = answer
    let endless = 0
    answer = async (path) => {
      if (path.endsWith(`${stem}.qcow2`))
        return { status: 302, headers: { location: 'https://elsewhere.example.org/' } }
      if (path.endsWith(`${stem}.raw.xz`)) return { status: 503 }
      if (path.endsWith(`${stem}.raw.tar.xz`)) return { status: 200, body: Buffer.alloc((endless = 1024 ** 2)) }
      return await honest(path)
    }
    const found = wrongsOf(await verifyDrop(openSource(`${base}/${betaImages}/`), options()))
    expect(endless).toBeGreaterThan(0)
    expect(found).toEqual([
      `${stem}.qcow2: ${stem}.qcow2: the server redirects to https://elsewhere.example.org/, which is not followed`,
      `${stem}.raw.tar.xz: it is larger than 2000 bytes`,
      `${stem}.raw.xz: ${stem}.raw.xz: the server says 503`,
    ])
  })

  it('a server that is not there is told with its reason', async () => {
    await expect(locateDrop('http://127.0.0.1:1/x')).rejects.toThrow(/drop.json: .*(ECONNREFUSED|bad port)/)
  })
})
