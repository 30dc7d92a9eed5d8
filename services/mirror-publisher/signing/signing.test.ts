import { execFile } from 'node:child_process'
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { dropStaged } from '#events/drop-staged.ts'
import type { DropReady } from '#events/drop-ready.ts'
import { readMirrorPublisherConfig } from '../config.ts'
import { candidate, keepImages } from '../testing/drops.ts'
import { makeKey, makeSigningCommand, makeSigstore, makeSigstoreKey } from '../testing/keys.ts'
import { blessed, failureOf, hear, ready, treeOf } from '../testing/speak.ts'
import { openScene, type Scene } from '../testing/scene.ts'
import { betaImages } from '../testing/tree.ts'
import { checkSignature } from './check-signature.ts'
import { openSigning } from './open-signing.ts'
import { readPublicKey } from './public-key.ts'
import { openSigstoreSigner, verifyBundle } from './sigstore.ts'

const call = promisify(execFile)
const context = { signal: AbortSignal.timeout(120_000), logFolder: null }

const keys = new AsyncDisposableStack()
let key: Awaited<ReturnType<typeof makeKey>>
beforeAll(async () => {
  key = keys.use(await makeKey('releng@example.org', { expires: '2y' }))
})
afterAll(() => keys.disposeAsync())

/** The scene with a mirror that signs. */
async function signing(scene: Scene): Promise<Scene> {
  return { ...scene, mirror: { ...scene.mirror, signer: await key.signer(), sigstore: makeSigstore() } }
}

function asDebian(drop: DropReady): DropReady {
  const compose = { ...drop.compose, id: 'Debian-12-20130521.0', short: 'Debian', version: '12', label: null }
  return { ...drop, drop: 'weekly-Debian-12-20130521.0', kind: 'weekly', milestone: null, compose }
}

describe('a signed drop', () => {
  it("is accepted by others' tools, by a stranger who has the published key and nothing else", async () => {
    await using scene = await signing(await openScene())
    const drop = candidate(1, await keepImages(scene.store))
    const { files, signature } = treeOf(await hear(scene, blessed(drop)), dropMirrored)
    if (!signature) throw new Error('the drop names no key')
    expect(signature.fingerprint).toMatch(/^[0-9A-F]{40}$/)
    expect(signature.key).toBe(`GPG-KEY-${signature.fingerprint.slice(-16)}.asc`)
    expect(((await stat(scene.at(signature.key))).mode & 0o777).toString(8)).toBe('644')

    const keyring = join(scene.home, 'stranger.gpg')
    await call('gpg', ['--homedir', scene.home, '--output', keyring, '--dearmor', scene.at(signature.key)])
    const gpgv = (...args: string[]) => call('gpgv', ['--homedir', scene.home, '--keyring', keyring, ...args])
    const sums = files.filter(({ path }) => basename(path) === 'SHA256SUMS').map(({ path }) => scene.at(path))
    expect(sums).toHaveLength(3)
    for (const list of sums) {
      expect((await gpgv(`${list}.gpg`, list)).stderr).toContain('Good signature')
      expect((await call('sqv', ['--keyring', keyring, `${list}.gpg`, list])).stdout).toContain(signature.fingerprint)
      const { stdout } = await call('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: dirname(list) })
      expect(stdout.match(/: OK$/gm)?.length).toBeGreaterThan(18)
    }
    const checksums = files.filter(({ path }) => path.endsWith('-CHECKSUM')).map(({ path }) => scene.at(path))
    expect(checksums).toHaveLength(2)
    for (const list of checksums) {
      const text = await readFile(list, 'utf8')
      expect(text.startsWith('-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# ')).toBe(true)
      expect((await gpgv(list)).stderr).toContain('Good signature')
      const { stdout } = await call('sha256sum', ['--check', basename(list)], { cwd: dirname(list) })
      expect(stdout.match(/: OK$/gm)).toHaveLength(8)
    }
  })

  it('has every file in the signed list of the whole drop, and every file of a folder in that of the folder', async () => {
    await using scene = await signing(await openScene())
    const drop = candidate(1, await keepImages(scene.store))
    treeOf(await hear(scene, blessed(drop)), dropMirrored)
    for (const folder of [betaImages, `${betaImages}/i386`, `${betaImages}/x86_64`]) {
      const lines = (await readFile(scene.at(`${folder}/SHA256SUMS`), 'utf8')).trim().split('\n')
      const listed = new Set(lines.map((line) => line.slice(66)))
      const there = (await readdir(scene.at(folder), { recursive: folder === betaImages, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(scene.at(folder).length + 1))
      const unlisted = there.filter((name) => !listed.has(name)).toSorted()
      expect(unlisted).toEqual(['SHA256SUMS', 'SHA256SUMS.gpg', 'SHA256SUMS.sigstore.json'])
    }
  })

  it("of Debian has SHA512SUMS in Debian's layout", async () => {
    await using scene = await signing(await openScene())
    const drop = asDebian(candidate(1, await keepImages(scene.store)))
    const { files } = treeOf(await hear(scene, blessed(drop)), dropMirrored)
    const lists = files.filter(({ path }) => path.endsWith('/SHA512SUMS')).map(({ path }) => scene.at(path))
    expect(lists).toHaveLength(2)
    for (const list of lists) {
      const { stdout } = await call('sha512sum', ['--check', '--strict', 'SHA512SUMS'], { cwd: dirname(list) })
      expect(stdout.match(/: OK$/gm)).toHaveLength(8)
      const signature = await readFile(`${list}.sign`)
      const finding = await checkSignature({ signature, text: await readFile(list) }, await key.armored())
      expect(finding).toMatchObject({ good: true })
    }
  })

  it('stays closed when its list was changed while it waited, or is signed by a key that is not ours any more', async () => {
    await using scene = await signing(await openScene())
    const drop = candidate(1, await keepImages(scene.store))
    treeOf(await hear(scene, ready(drop)), dropStaged)
    const list = scene.at(`.staging/${drop.drop}/SHA256SUMS`)
    await writeFile(list, (await readFile(list, 'utf8')).replace(/^./, 'x'))
    expect(failureOf(await hear(scene, blessed(drop)))).toMatchObject({
      class: 'environment',
      reason: 'SHA256SUMS is not the list that was staged',
    })

    treeOf(await hear(scene, ready(drop)), dropStaged)
    await using other = await makeKey('other@example.org')
    const changed = { ...scene, mirror: { ...scene.mirror, signer: await other.signer() } }
    expect(failureOf(await hear(changed, blessed(drop))).reason).toMatch(
      /^SHA256SUMS.gpg: it is signed by another key: [0-9A-F]{16}$/,
    )
    expect(await readdir(scene.mirror.root)).toEqual(['.staging', 'releases.json', 'streams'])
    // Taken up again it is staged anew, with the key of now.
    treeOf(await hear(changed, blessed(drop)), dropMirrored)
  })

  it('that was staged before there was a key is not opened unsigned', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store))
    expect(treeOf(await hear(scene, ready(drop)), dropStaged).signature).toBeUndefined()
    const failure = failureOf(await hear(await signing(scene), blessed(drop)))
    expect(failure.reason).toBe('SHA256SUMS was staged without a signature, and is to have one')
  })

  it('that is open and told of again after the key changed is not said to be signed by the new one', async () => {
    await using scene = await signing(await openScene())
    const drop = candidate(1, await keepImages(scene.store, 10))
    const first = treeOf(await hear(scene, blessed(drop)), dropMirrored)
    expect(treeOf(await hear(scene, blessed(drop)), dropMirrored)).toEqual(first)
    await using other = await makeKey('other@example.org')
    const changed = { ...scene, mirror: { ...scene.mirror, signer: await other.signer() } }
    expect(treeOf(await hear(changed, blessed(drop)), dropMirrored).signature).toBeUndefined()
  })

  it('fails when its key is gone meanwhile, and nothing is staged', async () => {
    await using scene = await openScene()
    await using lost = await makeKey('lost@example.org')
    const mirror = { ...scene.mirror, signer: await lost.signer() }
    await rm(join(lost.home, 'private-keys-v1.d'), { recursive: true })
    const drop = candidate(1, await keepImages(scene.store, 10))
    const failure = failureOf(await hear({ ...scene, mirror }, blessed(drop)))
    expect(failure).toMatchObject({ class: 'environment' })
    expect(failure.reason).toMatch(/^gpg ended with status 2: .*(No secret key|signing failed)/)
    expect(await readdir(scene.at('.staging'))).toEqual([])
  })
})

describe('a key at the start', () => {
  const open = (env: Record<string, string>) => {
    const named = Object.entries(env).map(([name, value]) => [`IMAGEDROP_MIRROR_PUBLISHER_${name}`, value])
    return openSigning(readMirrorPublisherConfig(Object.fromEntries(named) as Record<string, string>), context)
  }

  it('signs once, and its fingerprint and end are known', async () => {
    const { signer } = await open({ SIGNING_KEY: key.address, SIGNING_HOME: key.home })
    expect(signer?.key).toEqual(await readPublicKey(await key.armored()))
    const years = ((signer?.key.expires?.getTime() ?? 0) - Date.now()) / (365 * 86_400_000)
    expect(years).toBeGreaterThan(1.9)
    expect(years).toBeLessThan(2.1)
  })

  it('may be behind a command, whose signatures are held to its public key', async () => {
    await using scene = await openScene()
    const SIGNING_COMMAND = await makeSigningCommand(key.home, key.address)
    const SIGNING_PUBLIC_KEY = join(scene.home, 'public.asc')
    await writeFile(SIGNING_PUBLIC_KEY, await key.armored())
    const { signer } = await open({ SIGNING_COMMAND, SIGNING_PUBLIC_KEY })
    const drop = candidate(1, await keepImages(scene.store, 10))
    const mirror = { ...scene.mirror, signer }
    expect(treeOf(await hear({ ...scene, mirror }, blessed(drop)), dropMirrored).signature).toBeDefined()

    await using other = await makeKey('other@example.org')
    await writeFile(SIGNING_PUBLIC_KEY, await other.armored())
    await expect(open({ SIGNING_COMMAND, SIGNING_PUBLIC_KEY })).rejects.toThrow(
      /^IMAGEDROP_MIRROR_PUBLISHER_SIGNING_COMMAND: what it signs does not verify .*it is signed by another key/,
    )
    await chmod(SIGNING_COMMAND, 0o644)
    await expect(open({ SIGNING_COMMAND, SIGNING_PUBLIC_KEY })).rejects.toThrow('SIGNING_COMMAND: ')
  })

  it('that cannot sign, or has expired, stops it with the name of the setting', async () => {
    await expect(open({ SIGNING_KEY: 'nobody@example.org', SIGNING_HOME: key.home })).rejects.toThrow(
      /^IMAGEDROP_MIRROR_PUBLISHER_SIGNING_KEY: gpg ended with status 2: /,
    )
    await using old = await makeKey('old@example.org', { made: '20200101T000000', expires: '1y' })
    await expect(open({ SIGNING_KEY: old.address, SIGNING_HOME: old.home })).rejects.toThrow('SIGNING_KEY: gpg ended')
    await expect(open({ SIGNING_COMMAND: 'true' })).rejects.toThrow('it needs SIGNING_PUBLIC_KEY')
    await expect(open({ SIGNING_COMMAND: 'true', SIGNING_KEY: 'x' })).rejects.toThrow('only one of the two can sign')
  })
})

describe('a Sigstore bundle', () => {
  it('verifies with its public key, for the text that it is of and no other', () => {
    const signer = makeSigstore()
    const bundle = signer.signText('sums\n')
    expect(verifyBundle(bundle, signer.publicKey, 'sums\n')).toBe('sums\n')
    expect(() => verifyBundle(bundle, signer.publicKey, 'other\n')).toThrow('signature verification failed')
    expect(() => verifyBundle(bundle, makeSigstore().publicKey, 'sums\n')).toThrow('it is signed by another key')
  })

  it('holds a statement in an envelope, and a changed one does not verify', () => {
    const signer = makeSigstore()
    const bundle = signer.signStatement('{"_type":"one"}')
    expect(verifyBundle(bundle, signer.publicKey, null)).toBe('{"_type":"one"}')
    const payload = Buffer.from('{"_type":"two"}').toString('base64')
    const changed = bundle.replace(/"payload":"[^"]+"/, `"payload":"${payload}"`)
    expect(changed).not.toBe(bundle)
    expect(() => verifyBundle(changed, signer.publicKey, null)).toThrow('signature verification failed')
  })

  it('is made with P-256 and nothing else', () => {
    expect(() => openSigstoreSigner(makeSigstoreKey('secp384r1'))).toThrow('expected an ECDSA P-256 key, got secp384r1')
    expect(() => openSigstoreSigner('no key')).toThrow('expected an ECDSA P-256 key as PEM')
  })
})
