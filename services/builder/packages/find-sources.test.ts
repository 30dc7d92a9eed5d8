import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { exampleCompose } from '#events/examples.ts'
import { TransientError } from '#service/errors.ts'
import { readRecipe, recipesFolder } from '../read-recipe.ts'
import { findSources, type SourceOptions } from './find-sources.ts'

const sha256 = 'ab'.repeat(32)
const index = `SHA256:\n ${sha256}   4000 main/binary-amd64/Packages.xz\n`

let pages: Map<string, string | number>
let warnings: string[]
let root: string
let close: () => Promise<void>

beforeEach(async () => {
  pages = new Map()
  warnings = []
  const server = createServer(({ url = '' }, response) => {
    const page = pages.get(url)
    response.statusCode = typeof page === 'number' ? page : page === undefined ? 404 : 200
    response.end(typeof page === 'string' ? page : '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  root = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  close = () =>
    new Promise((resolve) =>
      server.close(() => {
        resolve()
      }),
    )
})
afterEach(() => close())

function serveSuite(archive: string, suite: string, content = index): void {
  pages.set(`/${archive}/dists/${suite}/InRelease`, content)
  pages.set(`/${archive}/dists/${suite}/main/binary-amd64/by-hash/SHA256/${sha256}`, 'packages')
}

function optionsWith(changes: Partial<SourceOptions> = {}): SourceOptions {
  const stream = { write: (line: string) => void warnings.push(line) }
  return {
    mirror: null,
    hostMirror: () => Promise.resolve({ archive: `${root}/host/debian`, security: `${root}/host/debian-security` }),
    fetch,
    requireSecurity: false,
    log: pino({ level: 'warn' }, stream),
    signal: AbortSignal.timeout(10_000),
    ...changes,
  }
}

const compose = (location: string) => ({ ...exampleCompose, location })

it('takes the packages of the compose itself when it has them', async () => {
  serveSuite('compose', 'bookworm')
  const found = await findSources(
    compose(`${root}/compose/`),
    await readRecipe('debian-12', [recipesFolder]),
    'x86_64',
    optionsWith(),
  )
  expect(found).toMatchObject({ kind: 'apt', suites: [{ url: `${root}/compose`, suite: 'bookworm' }] })
})

it("takes the given mirror, else the host's, when the compose has no packages", async () => {
  serveSuite('host/debian', 'bookworm')
  serveSuite('given/debian', 'bookworm')
  const recipe = await readRecipe('debian-12', [recipesFolder])
  const urls = async (options: SourceOptions) => {
    const found = await findSources(compose('/compose/on/disk'), recipe, 'x86_64', options)
    return found.kind === 'apt' ? found.suites.map((suite) => suite.url) : []
  }
  expect(await urls(optionsWith())).toEqual([`${root}/host/debian`])
  expect(await urls(optionsWith({ mirror: `${root}/given/debian/` }))).toEqual([`${root}/given/debian`])
})

it('adds updates and security where the mirror serves them', async () => {
  serveSuite('host/debian', 'bookworm')
  serveSuite('host/debian', 'bookworm-updates')
  serveSuite('host/debian-security', 'bookworm-security')
  const found = await findSources(
    compose('/c'),
    await readRecipe('debian-12', [recipesFolder]),
    'x86_64',
    optionsWith(),
  )
  const suites = found.kind === 'apt' ? found.suites.map((suite) => suite.suite) : []
  expect(suites).toEqual(['bookworm', 'bookworm-updates', 'bookworm-security'])
  expect(warnings).toEqual([])
})

it('builds without a suite whose index is not the promised one, and says so', async () => {
  serveSuite('host/debian', 'bookworm')
  pages.set('/host/debian-security/dists/bookworm-security/InRelease', index)
  pages.set('/host/debian-security/dists/bookworm-security/main/binary-amd64/Packages.xz', 'stale')
  const found = await findSources(
    compose('/c'),
    await readRecipe('debian-12', [recipesFolder]),
    'x86_64',
    optionsWith(),
  )
  expect(found).toMatchObject({ kind: 'apt', suites: [{ suite: 'bookworm' }] })
  expect(warnings.join('')).toMatch(
    /bookworm-security .* is not usable for x86_64: its package index has .* instead of 4000/,
  )
})

it('does not build without the security updates when they are required', async () => {
  serveSuite('host/debian', 'bookworm')
  const asked = findSources(
    compose('/c'),
    await readRecipe('debian-12', [recipesFolder]),
    'x86_64',
    optionsWith({ requireSecurity: true }),
  )
  await expect(asked).rejects.toThrow(/bookworm-security .* is not usable for x86_64/)
})

it('refuses a mirror that has nothing for the architecture', async () => {
  serveSuite('host/debian', 'bookworm')
  const asked = findSources(compose('/c'), await readRecipe('debian-12', [recipesFolder]), 'i686', optionsWith())
  await expect(asked).rejects.toThrow(/not usable for i686: it has no packages for i386/)
})

it('may try again when a server is in trouble or cannot be reached', async () => {
  pages.set('/host/debian/dists/bookworm/InRelease', 503)
  const recipe = await readRecipe('debian-12', [recipesFolder])
  await expect(findSources(compose('/c'), recipe, 'x86_64', optionsWith())).rejects.toThrow(TransientError)
  const hostMirror = () => Promise.resolve({ archive: 'http://127.0.0.1:1/debian', security: null })
  await expect(findSources(compose('/c'), recipe, 'x86_64', optionsWith({ hostMirror }))).rejects.toThrow(
    TransientError,
  )
})

it("takes Fedora's own compose, else the mirror for its own release, and refuses to make another release of it", async () => {
  const recipe = await readRecipe('fedora-43', [recipesFolder])
  const hostMirror = () => Promise.resolve(null)
  const own = { ...compose(`${root}/fedora/compose`), short: 'Fedora', version: '43' }
  const ask = (one = own) => findSources(one, recipe, 'aarch64', optionsWith({ hostMirror }))
  expect(await ask()).toEqual({ kind: 'distribution', mirror: null })
  const neighbour = { ...own, version: '42', id: 'Fedora-42-20260101.n.0' }
  await expect(ask(neighbour)).rejects.toThrow(/Fedora-42.*would make Fedora 43 of it/)
  pages.set('/fedora/compose/Everything/aarch64/os/repodata/repomd.xml', '<repomd/>')
  const repositories = [`${root}/fedora/compose/Everything/aarch64/os`]
  expect(await ask()).toEqual({ kind: 'dnf', repositories })
  expect(await ask(neighbour)).toEqual({ kind: 'dnf', repositories })
  // Fedora's trees call it by the oldest processor that it ran on.
  pages.set('/fedora/compose/Everything/i386/os/repodata/repomd.xml', '<repomd/>')
  expect(await findSources(own, recipe, 'i686', optionsWith({ hostMirror }))).toEqual({
    kind: 'dnf',
    repositories: [`${root}/fedora/compose/Everything/i386/os`],
  })
})
