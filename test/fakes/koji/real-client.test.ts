import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startHub, type Hub } from './hub.ts'
import { createAuthority } from './testing/certificates.ts'
import { provideKojiClient, type KojiClient } from './testing/client.ts'

const stack = new AsyncDisposableStack()
let client: KojiClient
let hub: Hub
let folder: string
let kickstart: string
beforeAll(async () => {
  client = stack.use(await provideKojiClient())
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-koji-real-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  kickstart = join(folder, 'cloud.ks')
  await writeFile(kickstart, 'zerombr\nclearpart --all --initlabel\nrootpw --lock\nreboot\n%packages\n@core\n%end\n')
}, 300_000)
beforeEach(async () => {
  hub = await startHub()
})
afterEach(() => hub[Symbol.asyncDispose]())
afterAll(() => stack.disposeAsync())

const tree = 'https://kojipkgs.example.org/compose/43/Everything/$arch/os'
const imageBuild = (...options: string[]) => [
  'image-build',
  '--scratch',
  '--format=qcow2',
  '--distro',
  'Fedora-43',
  ...options,
]
const names = (target = 'f43') => ['Fedora-Cloud-Base', '43', target, tree, 'x86_64', 'aarch64']

describe("Koji's command line against the fake hub", () => {
  it('orders an image with its kickstart, which the hub then has', { timeout: 60_000 }, async () => {
    const { code, output } = await client.command(
      hub,
      imageBuild('--nowait', '--kickstart', kickstart, ...names()).flat(),
    )
    expect(`${String(code)} ${output}`).toMatch(/^0 [\s\S]*Created task: 1\b/)
    expect(hub.heard.map(({ name }) => name)).toEqual([
      'login',
      'getAPIVersion',
      'getBuildTarget',
      'getTag',
      'upload',
      'checkUpload',
      'buildImageOz',
      'logout',
    ])
    const [name, version, arches, target, url, opts] = hub.world.tasks.get(1)?.request ?? []
    expect([name, version, arches, target, url]).toEqual([
      'Fedora-Cloud-Base',
      '43',
      ['x86_64', 'aarch64'],
      'f43',
      tree,
    ])
    const { kickstart: place } = opts as { kickstart: string }
    const sent = await fetch(`${hub.files}/${place}`)
    expect(await sent.text()).toBe(await readFile(kickstart, 'utf8'))
  })

  it('watches an image until it is made, and downloads it', { timeout: 60_000 }, async () => {
    const working = setInterval(() => {
      const task = hub.world.tasks.get(1)
      if (task?.state === 0) for (const child of hub.builder.start(1)) hub.builder.assign(child)
      else if (task?.state === 1) {
        for (const child of [2, 3]) hub.builder.make(child)
        hub.builder.complete(1)
      }
    }, 700)
    const args = imageBuild('--wait', '--kickstart', kickstart, ...names())
    const { code, output } = await client.command(hub, args)
    clearInterval(working)
    expect(`${String(code)} ${output}`).toMatch(/^0 [\s\S]*image .* completed successfully/)
    const download = await client.command(hub, ['download-task', '1', '--arch', 'x86_64', '--all'])
    expect(`${String(download.code)} ${download.output}`).toMatch(/^0 [\s\S]*Fedora-Cloud-Base-43-1\.x86_64\.qcow2/)
  })

  it.each([
    [
      'a target that there is not',
      imageBuild('--nowait', '--kickstart', 'KS', ...names('nope')),
      'imagedrop',
      /No such build target: nope/,
    ],
    [
      'a user without the permission',
      imageBuild('--nowait', '--kickstart', 'KS', ...names()),
      'nopriv',
      /image permission required/,
    ],
    ['a task of somebody else', ['cancel', '1'], 'nopriv', /Cannot cancel task, not owner/],
    ['a plugin that is not there', ['call', 'imagineBuild'], 'imagedrop', /Invalid method: imagineBuild/],
  ])('is told why: %s', { timeout: 60_000 }, async (_, args, user, why) => {
    hub.world.last.task = 0
    await client.say([{ hub: hub.url }, { call: 'login', args: ['imagedrop', 'dummy-password'] }, buildOz])
    const { output } = await client.command(
      hub,
      args.map((one) => (one === 'KS' ? kickstart : one)),
      user,
    )
    expect(output).toMatch(why)
  })

  it.each([
    ['an optional architecture failed', 'aarch64', 0, /FAILED: ApplianceError: no space/],
    ['a needed one failed', '', 1, /FAILED: ApplianceError: no space/],
  ])('tells a task where %s', { timeout: 60_000 }, async (_, optional, code, told) => {
    const args = imageBuild(
      '--wait',
      ...(optional === '' ? [] : ['--can-fail', optional]),
      '--kickstart',
      kickstart,
      ...names(),
    )
    const working = setInterval(() => {
      if (hub.world.tasks.get(1)?.state !== 0) return
      const [x86, arm] = hub.builder.start(1)
      hub.builder.make(x86 ?? 0)
      hub.builder.begin(arm ?? 0)
      hub.builder.fail(arm ?? 0, 1018, 'no space')
      hub.builder.complete(1)
    }, 500)
    const end = await client.command(hub, args)
    clearInterval(working)
    expect(end.output).toMatch(told)
    expect(end.code).toBe(code)
  })
})

const buildOz = {
  call: 'buildImageOz',
  args: ['Fedora-Cloud-Base', '43', ['x86_64'], 'f43', tree],
  keywords: { opts: { scratch: true, distro: 'Fedora-43' } },
}

describe("Koji's library against the fake hub", () => {
  const begin = () => [{ hub: hub.url }, { call: 'login', args: ['imagedrop', 'dummy-password'] }]

  it('logs in with a certificate after the handshake of TLS 1.2', { timeout: 60_000 }, async () => {
    await using authority = await createAuthority()
    const [server, user] = [await authority.issue('localhost'), await authority.issue('imagedrop')]
    const tls = { cert: server.chain.pem, key: server.key.pem, ca: authority.certificate.pem, requestCert: true }
    const { url } = await hub.serveTls({ ...tls, maxVersion: 'TLSv1.2' })
    const both = join(folder, 'user.pem')
    await writeFile(both, user.chain.pem + user.key.pem)
    const said = await client.say([
      { hub: url },
      { call: 'ssl_login', args: [both, null, authority.certificate.path] },
      { call: 'getLoggedInUser' },
    ])
    expect(said[2]?.value).toMatchObject({ name: 'imagedrop', authtype: 2 })
  })

  it(
    'is told 1009 when a reply was lost after the task was made, which is there once',
    { timeout: 60_000 },
    async () => {
      hub.disturbances.plan({ what: 'reply lost' }, 'buildImageOz')
      const said = await client.say([...begin(), buildOz])
      expect(said[2]).toMatchObject({ fault: 1009 })
      expect(hub.world.tasks.size).toBe(1)
    },
  )

  it('makes the task once when the request was lost', { timeout: 60_000 }, async () => {
    hub.disturbances.plan({ what: 'request lost' }, 'buildImageOz')
    const said = await client.say([...begin(), buildOz])
    expect(said[2]).toMatchObject({ value: 1 })
    expect(hub.world.tasks.size).toBe(1)
  })

  it(
    'loses its numbers when it renews an expired session after a change, as with a real hub',
    { timeout: 60_000 },
    async () => {
      // Meanwhile the session expires, once.
      hub.disturbances.plan({ what: 'delay', milliseconds: 0 }, 'buildImageOz')
      hub.disturbances.plan({ what: 'delay', milliseconds: 300 }, 'buildImageOz')
      const expiring = setInterval(() => {
        if (hub.world.tasks.size === 0) return
        hub.expire(1)
        clearInterval(expiring)
      }, 5)
      const said = await client.say([...begin(), { call: 'getAPIVersion' }, buildOz, buildOz, buildOz])
      expect(said.map(({ fault }) => fault)).toContain(1008)
    },
  )

  it('uploads in blocks, and the hub has what was sent', { timeout: 60_000 }, async () => {
    const large = join(folder, 'large.bin')
    const content = Buffer.alloc(2_500_000, 'koji')
    await writeFile(large, content)
    const upload = { call: 'upload', args: [large, 'cli-image/large'] }
    const check = { call: 'checkUpload', args: ['cli-image/large', 'large.bin'], keywords: { verify: 'sha256' } }
    const said = await client.say([...begin(), upload, check])
    const sha256 = createHash('sha256').update(content).digest('hex')
    expect(said[3]?.value).toMatchObject({ size: 2_500_000, hexdigest: sha256 })
  })

  it('calls several methods at once, where one that fails leaves the others alone', { timeout: 60_000 }, async () => {
    const said = await client.say([
      ...begin(),
      { call: 'multicall', args: [['getAPIVersion'], ['error'], ['getBuildTarget', 'f43']] },
    ])
    expect(said[2]?.value).toMatchObject([[1], { faultCode: 1000, faultString: 'test error' }, [{ name: 'f43' }]])
  })
})
