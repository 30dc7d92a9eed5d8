import { createServer, request as ask } from 'node:http'
import { request as askSecurely } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import pino from 'pino'
import { readBootModes } from '#disk/boot-modes.ts'
import { debianDisk } from '#test/line/debian-disk.ts'
import { engineContract, requestFor } from '../engine.contract.ts'
import type { Built } from '../engine.ts'
import { findSources } from '../../packages/find-sources.ts'
import { readHostMirror } from '../../packages/host-mirror.ts'
import { createMkosiEngine } from './engine.ts'

/** The host's own mirror under a name that nothing else has, so that it is known again wherever it may have got to. */
const mirror = createServer(({ url = '', method, headers }, response) => {
  const send = upstream.startsWith('https:') ? askSecurely : ask
  const asked = send(upstream + url, { method, headers: { ...headers, host: new URL(upstream).host } }, (answer) => {
    if (url.endsWith('.deb')) packages += 1
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  asked.on('error', () => response.destroy())
  asked.end()
})
let packages = 0
let upstream: string
let mirrorName: string
let found: Awaited<ReturnType<typeof lookAt>>

beforeAll(async () => {
  const host = await readHostMirror('debian')
  if (host === null) throw new Error('this host has no Debian mirror')
  upstream = host.archive.replace(/\/debian$/, '')
  await new Promise<void>((resolve) => mirror.listen(0, '127.0.0.1', resolve))
  mirrorName = `127.0.0.1:${String((mirror.address() as AddressInfo).port)}`
})
afterAll(() => {
  mirror.closeAllConnections()
  mirror.close()
})

engineContract(createMkosiEngine({ deadline: 800_000, idleDeadline: 300_000 }), {
  builds: true,
  async request(changes) {
    const request = await requestFor(changes)
    const archive = `http://${mirrorName}/debian`
    // Its own place has no packages: they come from the mirror.
    const compose = { ...request.compose, location: '/srv/compose' }
    const sources = await findSources(compose, request.recipe, request.image.architecture, {
      mirror: null,
      hostMirror: () => Promise.resolve({ archive, security: `${archive}-security` }),
      fetch,
      requireSecurity: false,
      log: pino({ level: 'silent' }),
      signal: AbortSignal.timeout(60_000),
    })
    return { ...request, compose, sources }
  },
  async inspect(built) {
    found = await lookAt(built)
  },
})

async function lookAt({ disk }: Built) {
  const { uuid, file, holds } = debianDisk(disk)
  return {
    root: await uuid(),
    fstab: await file('/etc/fstab'),
    grub: await file('/boot/grub/grub.cfg'),
    bootModes: await readBootModes(disk),
    sources: await file('/etc/apt/sources.list.d/debian.sources'),
    otherSources: (await file('/etc/apt/sources.list.d/bookworm.sources')) + (await file('/etc/apt/sources.list')),
    mirrors: (await file('/etc/apt/mirrors/debian.list')) + (await file('/etc/apt/mirrors/debian-security.list')),
    keyring: await file('/usr/share/keyrings/debian-archive-keyring.gpg'),
    hasPublicArchive: await holds('https://deb.debian.org/debian-security'),
    hasMirrorOfBuild: await holds(mirrorName),
  }
}

it('built a disk that finds its root by the UUID of its own file system', () => {
  const { root, fstab, grub, bootModes } = found
  expect(root).toMatch(/^[0-9a-f-]{36}$/)
  const esp = `${root.slice(0, 4)}-${root.slice(4, 8)}`.toUpperCase()
  expect(fstab).toBe(
    `UUID=${root} / ext4 defaults,errors=remount-ro 0 1\nUUID=${esp} /boot/efi vfat umask=0077,nofail 0 1\n`,
  )
  // The newest kernel, and in a second menu the same and its recovery mode.
  expect(grub.match(/ root=\S+/g)).toEqual(Array(3).fill(` root=UUID=${root}`))
  expect(grub.match(/^\s*(linux|initrd)\s+\/boot\//gm)).toHaveLength(6)
  expect(bootModes).toEqual(['bios', 'uefi'])
})

it("built a disk that takes packages from Debian's public archive, and does not know the mirror that they came from", () => {
  const { sources, otherSources, mirrors, keyring, hasPublicArchive, hasMirrorOfBuild } = found
  expect(sources.match(/^(URIs|Suites): .*/gm)).toEqual([
    'URIs: mirror+file:///etc/apt/mirrors/debian.list',
    'Suites: bookworm bookworm-updates bookworm-backports',
    'URIs: mirror+file:///etc/apt/mirrors/debian-security.list',
    'Suites: bookworm-security',
  ])
  expect(sources.match(/^Signed-By: .*/gm)).toEqual(
    Array(2).fill('Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg'),
  )
  expect(keyring).not.toBe('')
  expect(mirrors).toBe('https://deb.debian.org/debian\nhttps://deb.debian.org/debian-security\n')
  expect(otherSources).toBe('')
  expect(packages).toBeGreaterThan(100)
  expect([hasPublicArchive, hasMirrorOfBuild]).toEqual([true, false])
})
