import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { appendFile, cp, mkdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { exampleRegistration } from '#events/examples.ts'
import { candidate, keepImages } from '../testing/drops.ts'
import { makeKey, makeSigstore } from '../testing/keys.ts'
import { blessed, hear, treeOf } from '../testing/speak.ts'
import { openScene, type Scene } from '../testing/scene.ts'
import { recordName } from '../tree/record.ts'
import { findKey } from './find-key.ts'
import { locateDrop, openSource } from './locate.ts'
import { parseSums } from './read-drop.ts'
import { verifyDrop, type Verification } from './verify-drop.ts'

const place = 'releases/test/19-Beta/Images'
const name = 'Fedora-x86_64-19-Beta-1.1-sda'
const stem = `x86_64/${name}`
const other = 'x86_64/Fedora-AmazonEC2-x86_64-19-Beta-1.1-sda'

const cleanup = new AsyncDisposableStack()
const sigstore = makeSigstore()
let scene: Scene
let key: Awaited<ReturnType<typeof makeKey>>
let openpgp: string
let fingerprint: string

beforeAll(async () => {
  const opened = cleanup.use(await openScene())
  key = cleanup.use(await makeKey('releng@example.org'))
  const signer = await key.signer()
  scene = { ...opened, mirror: { ...opened.mirror, signer, sigstore } }
  const drop = candidate(1, await keepImages(opened.store))
  const images = drop.images.map((image) => ({ ...image, registrations: [exampleRegistration] }))
  treeOf(await hear(scene, blessed({ ...drop, images })), dropMirrored)
  openpgp = await key.armored()
  fingerprint = signer.key.fingerprint
}, 120_000)
afterAll(() => cleanup.disposeAsync())

/** A copy of the whole mirror, for one test to damage. */
let mirror: string
beforeEach(async () => {
  mirror = join(scene.home, 'copy')
  await rm(mirror, { recursive: true, force: true })
  await cp(scene.mirror.root, mirror, { recursive: true })
})
const at = (path: string) => join(mirror, place, path)

async function verify(image: string | null = null, keys = { openpgp, sigstore: sigstore.publicKey }) {
  return await verifyDrop(openSource(join(mirror, place)), { keys, image })
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
    const found = await verify(null, { openpgp: null, sigstore: null } as never)
    expect(found.verdict).toBe('unproven')
    expect(found.findings.filter(({ about }) => about === 'signature').map(({ outcome }) => outcome)).toEqual([
      'unknown',
      'unknown',
    ])
  })

  it('is checked for one image alone when that is asked, which leaves the others unread', async () => {
    await rm(at(`${other}.qcow2`))
    expect((await verify('generic.x86_64')).verdict).toBe('verified')
    const options = { keys: { openpgp, sigstore: sigstore.publicKey }, image: null }
    const source = openSource(join(mirror, place))
    expect((await verifyDrop(source, { ...options, named: `${stem}.raw.xz` })).verdict).toBe('verified')
    expect((await verifyDrop(source, { ...options, named: 'drop.json' })).verdict).toBe('wrong')
    expect(wrongsOf(await verify('ec2.x86_64'))).toEqual([`${other}.qcow2: it is missing`])
    expect(wrongsOf(await verify('gcp.x86_64'))[0]).toContain('there is no image gcp.x86_64')
  })

  it('is found from any of its images, and its key by the fingerprint on its mirror', async () => {
    const { source, named } = await locateDrop(at(`${stem}.qcow2`))
    expect(source.where).toBe(join(mirror, place))
    expect(named).toBe(`${stem}.qcow2`)
    expect(await findKey(fingerprint, source)).toBe(openpgp)
    await expect(findKey('A'.repeat(40), source)).rejects.toThrow('the mirror has no GPG-KEY-AAAAAAAAAAAAAAAA.asc')
    await using strange = await makeKey('strange@example.org')
    await writeFile(join(mirror, `GPG-KEY-${fingerprint.slice(-16)}.asc`), await strange.armored())
    await expect(findKey(fingerprint, source)).rejects.toThrow(`not ${fingerprint}`)
    await expect(findKey(fingerprint.slice(-16), source)).rejects.toThrow('a whole fingerprint of 40 or 64 digits')
    await expect(locateDrop(scene.home)).rejects.toThrow('there is no drop.json')
  })
})

/** Flips one bit in the middle of a file. */
async function flip(path: string): Promise<void> {
  const bytes = await readFile(path)
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  await writeFile(path, bytes)
}

/** Another drop of the same mirror, signed by the same key. */
async function publishOther(): Promise<string> {
  await using elsewhere = await openScene()
  const signer = scene.mirror.signer
  const drop = candidate(2, await keepImages(elsewhere.store, 100))
  await hear({ ...elsewhere, mirror: { ...elsewhere.mirror, signer, sigstore } }, blessed(drop))
  const folder = join(scene.home, 'other')
  await rm(folder, { recursive: true, force: true })
  await cp(elsewhere.at(place), folder, { recursive: true })
  return folder
}

/** Writes a document anew and repairs every list and signature, as somebody would who has the key. */
async function forge(path: string, change: (text: string) => string): Promise<void> {
  const { createHash } = await import('node:crypto')
  const old = createHash('sha256')
    .update(await readFile(at(path)))
    .digest('hex')
  const text = change(await readFile(at(path), 'utf8'))
  await writeFile(at(path), text)
  const digest = createHash('sha256').update(text).digest('hex')
  const record = await readFile(at(recordName), 'utf8')
  const sizes = new RegExp(`"sha256": "${old}",\\n(\\s+)"size": \\d+`)
  await writeFile(
    at(recordName),
    record.replace(sizes, `"sha256": "${digest}",\n$1"size": ${String(Buffer.byteLength(text))}`),
  )
  const itself = createHash('sha256')
    .update(await readFile(at(recordName)))
    .digest('hex')
  const sums = (await readFile(at('SHA256SUMS'), 'utf8')).replace(old, digest)
  await writeFile(at('SHA256SUMS'), sums.replace(/^[0-9a-f]{64} {2}drop.json$/m, `${itself}  drop.json`))
  await key.sign(at('SHA256SUMS'), at('SHA256SUMS.gpg'))
  await writeFile(at('SHA256SUMS.sigstore.json'), sigstore.signText(await readFile(at('SHA256SUMS'), 'utf8')))
}

const damages: readonly (readonly [what: string, damage: () => Promise<unknown>, found: RegExp])[] = [
  [
    'a bit flipped in an image',
    () => flip(at(`${stem}.qcow2`)),
    /^x86_64\/.*sda.qcow2: it was changed: its SHA-256 is /,
  ],
  ['a bit flipped in the README', () => flip(at('README')), /^README: it was changed/],
  ['a bit flipped in drop.json', () => flip(at(recordName)), /^(drop.json|SHA256SUMS): /],
  ['an image cut short', () => truncate(at(`${stem}.raw.xz`), 10), /raw.xz: it has 10 bytes instead of 2000/],
  ['an image that goes on and on', () => appendFile(at(`${stem}.raw.xz`), 'x'), /raw.xz: it is larger than 2000 bytes/],
  ['a missing image', () => rm(at(`${stem}.raw.xz`)), /raw.xz: it is missing/],
  ['a missing list', () => rm(at('SHA256SUMS')), /^SHA256SUMS: it is missing/],
  ['a missing record', () => rm(at(recordName)), /^drop.json: it is missing/],
  ['a missing signature', () => rm(at('SHA256SUMS.gpg')), /^SHA256SUMS.gpg: it is missing: SHA256SUMS is not signed/],
  ['a missing bundle', () => rm(at('SHA256SUMS.sigstore.json')), /^SHA256SUMS.sigstore.json: it is missing/],
  [
    'a changed list',
    async () => {
      const list = await readFile(at('SHA256SUMS'), 'utf8')
      await writeFile(
        at('SHA256SUMS'),
        list.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
      )
    },
    /^SHA256SUMS.gpg: the signature is wrong/,
  ],
  [
    'a signature by another key',
    async () => {
      await using strange = await makeKey('strange@example.org')
      await strange.sign(at('SHA256SUMS'), at('SHA256SUMS.gpg'))
    },
    /^SHA256SUMS.gpg: it is signed by another key: [0-9A-F]{16}$/,
  ],
  [
    'a signature of a folder by another key',
    async () => {
      await using strange = await makeKey('strange@example.org')
      await strange.sign(at('i386/SHA256SUMS'), at('i386/SHA256SUMS.gpg'))
    },
    /^i386\/SHA256SUMS.gpg: it is signed by another key/,
  ],
  [
    'the list of another drop, signed by the same key',
    async () => {
      const folder = await publishOther()
      for (const one of ['SHA256SUMS', 'SHA256SUMS.gpg', 'SHA256SUMS.sigstore.json']) {
        await cp(join(folder, one), at(one))
      }
    },
    /^SHA256SUMS: it does not list .*it is the list of another drop/,
  ],
  [
    'the record of another drop',
    async () => cp(join(await publishOther(), recordName), at(recordName)),
    /^SHA256SUMS: it does not list /,
  ],
  [
    'a link out of the drop',
    async () => {
      await rename(at(`${stem}.qcow2`), join(scene.home, 'outside.qcow2'))
      await symlink(join(scene.home, 'outside.qcow2'), at(`${stem}.qcow2`))
    },
    /sda.qcow2: .* is a link that leads elsewhere/,
  ],
  [
    'a list that leads out of the drop',
    () => appendFile(at('SHA256SUMS'), `${'0'.repeat(64)}  ../../etc/passwd\n`),
    /^SHA256SUMS: line \d+ names a file outside of the drop: "..\/..\/etc\/passwd"/,
  ],
  [
    'the bill of materials of another image, signed',
    async () => {
      const text = await readFile(at(`${other}.spdx.json`), 'utf8')
      await forge(`${stem}.spdx.json`, () => text)
    },
    /sda.spdx.json: it is the bill of materials of Fedora-AmazonEC2-/,
  ],
  [
    'a bill of materials without a package, signed',
    () => forge(`${stem}.spdx.json`, (text) => text.replace('"only-generic"', '"only-that"')),
    /sda.spdx.json: it does not have the packages of .*packages.json/,
  ],
  [
    'provenance with another digest, signed',
    () =>
      forge(`${stem}.provenance.json`, (text) =>
        text.replace(/(qcow2",\s+"digest": \{\s+"sha256": ")[0-9a-f]{8}/, (_all, start: string) => `${start}00000000`),
      ),
    /sda.provenance.json: it has another digest of Fedora-x86_64-19-Beta-1.1-sda.qcow2 than the drop/,
  ],
  [
    'provenance of another compose, signed',
    () => forge(`${stem}.provenance.json`, (text) => text.replaceAll('Fedora-19-20130521.0', 'Fedora-18-20130521.0')),
    /sda.provenance.json: it is of the compose Fedora-18-20130521.0/,
  ],
  [
    'a boot test of another disk, signed',
    () => forge(`${stem}.boot-test.json`, (text) => text.replace(/("sha256": ")[0-9a-f]{8}/, '$100000000')),
    /sda.boot-test.json: another disk was booted than the provenance tells of/,
  ],
  [
    'a boot test that failed, signed',
    () => forge(`${stem}.boot-test.json`, (text) => text.replaceAll('"passed"', '"failed"')),
    /sda.boot-test.json: the image did not pass: cloud-init/,
  ],
]

it.each(damages)('%s is found by name', async (_what, damage, found) => {
  await damage()
  const verification = await verify()
  expect(verification.verdict).toBe('wrong')
  expect(wrongsOf(verification).filter((one) => found.test(one))).not.toEqual([])
})

it('a key that has expired since is told with the day', async () => {
  await using old = await makeKey('old@example.org', { made: '20200101T000000', expires: '1y' })
  await old.sign(at('SHA256SUMS'), at('SHA256SUMS.gpg'))
  const verification = await verify(null, { openpgp: await old.armored(), sigstore: sigstore.publicKey })
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
      const body = await readFile(join(mirror, path)).catch(() => null)
      return body === null ? { status: 404 } : { status: 200, body }
    }
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const options = () => ({ keys: { openpgp, sigstore: null }, image: null })

  it('a drop is verified as in a folder, from the address of an image too', async () => {
    const { source, named } = await locateDrop(`${base}/${place}/${stem}.qcow2`)
    expect(source.where).toBe(`${base}/${place}/`)
    expect(named).toBe(`${stem}.qcow2`)
    expect(await findKey(fingerprint, source)).toBe(openpgp)
    expect(await verifyDrop(source, options())).toMatchObject({ verdict: 'verified' })
  })

  it('a redirection is not followed, an error is told, and a file without end is left at its size', async () => {
    const honest = answer
    let endless = 0
    answer = async (path) => {
      if (path.endsWith(`${name}.qcow2`))
        return { status: 302, headers: { location: 'https://elsewhere.example.org/' } }
      if (path.endsWith(`${name}.raw.xz`)) return { status: 503 }
      if (path.endsWith(`${name}.raw.tar.xz`)) return { status: 200, body: Buffer.alloc((endless = 1024 ** 2)) }
      return await honest(path)
    }
    const found = wrongsOf(await verifyDrop(openSource(`${base}/${place}/`), options()))
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
