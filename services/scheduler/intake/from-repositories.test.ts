import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readComposeBody } from '../compose/compose-event.ts'
import { makeComposeMessage } from './from-repositories.ts'

const release = (date: string) =>
  `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\nDate: ${date}\nSuite: x\n`
const repomd = (seconds: number) =>
  `<repomd><revision>${String(seconds)}</revision><data><timestamp>${String(seconds - 5)}</timestamp></data></repomd>`

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'scheduler-mirror-'))
})
afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

describe('a message made of repositories', () => {
  it('has the newest date of Debian main, updates and security', async () => {
    await put('debian/dists/bookworm/InRelease', release('Sat, 11 Jul 2026 09:00:00 UTC'))
    await put('debian/dists/bookworm-updates/Release', release('Sun, 12 Jul 2026 02:11:00 UTC'))
    await put('debian-security/dists/bookworm-security/InRelease', release('Mon, 13 Jul 2026 23:59:59 UTC'))
    const { topic, message } = await makeComposeMessage({ distribution: 'debian-12', mirror: join(root, 'debian/') })
    expect(readComposeBody(topic, message).body).toMatchObject({
      compose_id: 'Debian-12-20260713.n.0',
      status: 'FINISHED',
      location: join(root, 'debian'),
      compose_type: 'nightly',
      compose_label: null,
    })
  })

  it('needs no more than the main repository', async () => {
    await put('debian/dists/trixie/Release', release('Sat, 11 Jul 2026 09:00:00 UTC'))
    const { message } = await makeComposeMessage({ distribution: 'debian-13', mirror: join(root, 'debian') })
    expect(message['compose_id']).toBe('Debian-13-20260711.n.0')
  })

  it.each([
    ['fedora-43', 'linux/releases/43/Everything/x86_64/os', 'Fedora-43-20251024.n.0'],
    ['fedora-45', 'linux/development/45/Everything/x86_64/os', 'Fedora-45-20251024.n.0'],
    ['fedora-rawhide', 'linux/development/rawhide/Everything/x86_64/os', 'Fedora-Rawhide-20251024.n.0'],
  ])('of %s has the date of its repository', async (distribution, place, id) => {
    await put(`${place}/repodata/repomd.xml`, repomd(Date.UTC(2025, 9, 24, 12) / 1000))
    const { message } = await makeComposeMessage({ distribution, mirror: root })
    expect(message['compose_id']).toBe(id)
  })

  it('is read over HTTP', async () => {
    const server: Server = createServer((request, response) => {
      if (request.url === '/debian/dists/bookworm/InRelease') response.end(release('Sat, 11 Jul 2026 09:00:00 UTC'))
      else response.writeHead(404).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const mirror = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/debian`
    const { message } = await makeComposeMessage({ distribution: 'debian-12', mirror })
    expect(message).toMatchObject({ compose_id: 'Debian-12-20260711.n.0', location: mirror })
    server.closeAllConnections()
    server.close()
  })

  it('is not made of a mirror that lacks the distribution', async () => {
    await expect(makeComposeMessage({ distribution: 'debian-12', mirror: root })).rejects.toThrow(
      /has no debian-12: dists\/bookworm\/Release: ENOENT/,
    )
  })

  it('is not made of a release file without a date', async () => {
    await put('dists/bookworm/InRelease', 'Origin: Debian\n')
    await put('dists/bookworm/Release', 'Date: soon\n')
    await expect(makeComposeMessage({ distribution: 'debian-12', mirror: root })).rejects.toThrow('gives no date')
  })

  it.each(['debian-11', 'debian-rawhide', 'ubuntu-24', 'fedora-', '../x', ''])(
    'is not made of the unknown distribution %j',
    async (distribution) => {
      await expect(makeComposeMessage({ distribution, mirror: root })).rejects.toThrow(
        `distribution: expected debian-12, debian-13, fedora-<number> or fedora-rawhide, got ${JSON.stringify(distribution)}`,
      )
    },
  )
})
