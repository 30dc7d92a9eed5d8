import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readKojiConfig } from './config.ts'

const hub = { IMAGEDROP_KOJI_HUB: 'https://koji.example.org/kojihub/' }

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-koji-config-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('knows no hub where none is named, whatever else is', () => {
  expect(readKojiConfig({ IMAGEDROP_KOJI_LOGIN: 'certificate' }).hub).toBeNull()
})

it('logs in by Kerberos as the host does it, and finds the files beside the hub, where nothing else is said', () => {
  expect(readKojiConfig(hub)).toMatchObject({
    hub: {
      address: { url: 'https://koji.example.org/kojihub', authority: null },
      files: { url: 'https://koji.example.org/kojifiles', authority: null },
      credentials: { kind: 'gssapi', keytab: null, cache: null },
    },
    limits: { poll: 300_000, away: 21_600_000 },
  })
})

it('shows a certificate whose key is in the same file', async () => {
  const path = join(folder, 'imagedrop.pem')
  await writeFile(path, 'certificate and key')
  const env = { ...hub, IMAGEDROP_KOJI_LOGIN: 'certificate', IMAGEDROP_KOJI_CERTIFICATE: path }
  const pem = { path, pem: 'certificate and key' }
  expect(readKojiConfig(env).hub?.credentials).toEqual({ kind: 'certificate', chain: pem, key: pem })
})

it.each([
  [{ IMAGEDROP_KOJI_LOGIN: 'certificate' }, /IMAGEDROP_KOJI_CERTIFICATE: not set/],
  [{ IMAGEDROP_KOJI_LOGIN: 'password', IMAGEDROP_KOJI_USER: 'x' }, /IMAGEDROP_KOJI_PASSWORD: not set/],
  [{ IMAGEDROP_KOJI_AUTHORITY: '/nowhere/ca.pem' }, /IMAGEDROP_KOJI_AUTHORITY: \/nowhere\/ca.pem cannot be read/],
  [{ IMAGEDROP_KOJI_HUB: 'koji.example.org' }, /IMAGEDROP_KOJI_HUB/],
  [{ IMAGEDROP_KOJI_AWAY_HOURS: '-1' }, /IMAGEDROP_KOJI_AWAY_HOURS/],
  [{ IMAGEDROP_KOJI_SERVER: 'https://koji.example.org' }, /IMAGEDROP_KOJI_SERVER: there is no such setting/],
])('is told what is wrong with %j', (env, why) => {
  expect(() => readKojiConfig({ ...hub, ...env })).toThrow(why)
})
