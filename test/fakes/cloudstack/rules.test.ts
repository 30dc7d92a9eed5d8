import { writeFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSend } from '#publishing/http.ts'
import { run } from '#subprocess/run.ts'
import { providePythonEnvironment } from '#test/brokers/python-venv.ts'
import { createClient } from '../../../services/cloudstack-publisher/api/client.ts'
import { anything } from '../../../services/cloudstack-publisher/api/schemas.ts'
import { signatureOf } from '../../../services/cloudstack-publisher/api/sign.ts'
import { readCloud } from '../../../services/cloudstack-publisher/config-file.ts'
import { startCloudStack, type FakeCloudStack } from './cloud.ts'
import type { CloudOptions } from './world.ts'

let cloud: FakeCloudStack
beforeEach(async () => {
  cloud = await startCloudStack({ mirror: '127.0.0.1:9' })
})
afterEach(async () => {
  await cloud[Symbol.asyncDispose]()
})

const signal = AbortSignal.timeout(60_000)

/** Our own client with an account of the cloud. */
function ours(of = cloud, { expiration = 600, now = () => new Date(), name = 'someone', secret = '' } = {}) {
  const known = of.world.accounts.find((one) => one.name === name) ?? of.addAccount(name)
  const account = { key: known.key, secret: secret || known.secret, expiration }
  const send = createSend({ ca: null, verify: true, silence: 30_000 })
  const client = createClient({ place: 'here', endpoint: of.endpoint, account, send, now })
  return (command: string, fields: Record<string, string> = {}) => client.ask(command, fields, anything, signal)
}

describe('the signature', () => {
  it('of both versions is taken, and one without an end only where the cloud allows it', async () => {
    await using old = await startCloudStack({ enforceTimestamps: false })
    await expect(ours()('listZones')).resolves.toMatchObject({ count: 2 })
    await expect(ours(old, { expiration: -1 })('listZones')).resolves.toMatchObject({ count: 2 })
    await expect(ours(cloud, { expiration: -1 })('listZones')).rejects.toThrow(/401 unable to verify user credentials/)
  })

  it('is refused when the secret is another, it has ended, or ends in more than a quarter of an hour', async () => {
    await expect(ours(cloud, { secret: 'another' })('listZones')).rejects.toMatchObject({ failureClass: 'refused' })
    const ago = () => new Date(Date.now() - 3_600_000)
    await expect(ours(cloud, { now: ago })('listZones')).rejects.toThrow(/check key and secret/)
    await expect(ours(cloud, { expiration: 1_000 })('listZones')).rejects.toThrow(/401/)
  })

  it('covers values with every sign that Java encodes otherwise', async () => {
    await expect(ours()('listTemplates', { templatefilter: 'self', name: "it's (a) *~ ~! ä+b c" })).resolves.toEqual({})
  })
})

it.each<[string, Record<string, string>, CloudOptions, RegExp]>([
  ['an unusual port', { url: 'http://mirror.example.org:8090/a.qcow2' }, {}, /431 Only ports 80, 8080 and 443/],
  ['loopback', { url: 'http://127.0.0.1/a.qcow2' }, {}, /431 Illegal host/],
  ['another scheme', { url: 'ftp://mirror.example.org/a.qcow2' }, {}, /431 Unsupported scheme/],
  [
    'a name that is not of the format',
    { url: 'http://mirror.example.org/a.raw.xz' },
    {},
    /431 Please specify a valid URL/,
  ],
  ['a checksum of no algorithm', { checksum: 'sha256:00' }, {}, /431 Invalid checksum/],
  ['another hypervisor', { hypervisor: 'qemu' }, {}, /431 Hypervisor Type: qemu is invalid/],
  ['a zone that there is not', { zoneid: 'no' }, {}, /431 Please specify a valid zone/],
  ['no name', { name: '' }, {}, /431 .*missing parameter name/],
  ['one that may not be public', { ispublic: 'true' }, { publicTemplates: false }, /431 Only private templates/],
  ['more than the account may have', {}, { templateLimit: 0 }, /535 Maximum number .*\(the account has as many/],
])('does not register %s', async (_, change, options, reason) => {
  await using strict = await startCloudStack(options)
  const fields = {
    name: 'a',
    format: 'QCOW2',
    hypervisor: 'KVM',
    url: 'http://mirror.example.org/a.qcow2',
    zoneid: strict.world.zones[0]?.id ?? '',
    ...change,
  }
  await expect(ours(strict)('registerTemplate', fields)).rejects.toThrow(reason)
  expect(strict.world.templates).toEqual([])
})

it("lets nobody touch another account's template", async () => {
  const [zone] = cloud.world.zones
  const fields = {
    name: 'a',
    format: 'QCOW2',
    hypervisor: 'KVM',
    url: 'http://127.0.0.1:9/a.qcow2',
    zoneid: zone?.id ?? '',
  }
  await ours()('registerTemplate', fields)
  const id = cloud.world.templates[0]?.id ?? ''
  const stranger = ours(cloud, { name: 'stranger' })
  await expect(stranger('deleteTemplate', { id })).rejects.toThrow(/531 .*does not have permission/)
  await expect(stranger('updateTemplatePermissions', { id, ispublic: 'true' })).rejects.toThrow(/531/)
  await expect(stranger('listTemplates', { templatefilter: 'self' })).resolves.toEqual({})
})

describe('the client cs', () => {
  let bin: string
  beforeAll(async () => {
    bin = await providePythonEnvironment('cloudstack', ['cs==5.2.0'])
  })

  it('signs as we do', async () => {
    // But for `~`, which Java encodes: a CloudStack refuses what cs signs with one in it.
    const fields = { name: "it's (a) * ! ä+b c", Zone: 'B', apiKey: 'k', command: 'listZones', 'details[0].x': 'Y/=' }
    const program = [
      'import json, sys; from cs import CloudStack',
      'fields = json.load(sys.stdin)',
      "CloudStack(endpoint='', key='k', secret='s;e#c')._sign(fields)",
      "print(fields['signature'])",
    ]
    const input = Readable.from([JSON.stringify(fields)])
    const { stdout } = await run(join(bin, 'python'), ['-c', program.join('\n')], { input, deadline: 60_000 })
    expect(signatureOf(fields, 's;e#c')).toBe(stdout.trim())
  })

  it('takes it for a CloudStack, reads the cloudstack.ini that we read, and finds what we registered', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'imagedrop-cs-'))
    const { key, secret } = cloud.addAccount('someone')
    const config = join(folder, 'cloudstack.ini')
    const section = [
      '[cloudstack]',
      `endpoint = ${cloud.endpoint}`,
      `key = ${key}`,
      `secret = ${secret}`,
      'method = post',
    ]
    await writeFile(config, section.join('\n'))
    expect(await readCloud('cloudstack', config, {})).toMatchObject({ endpoint: cloud.endpoint, key, secret })
    const zoneid = cloud.world.zones[0]?.id ?? ''
    const url = 'http://127.0.0.1:9/a.qcow2'
    await ours()('registerTemplate', {
      name: 'one',
      displaytext: 'ä & b',
      format: 'QCOW2',
      hypervisor: 'KVM',
      url,
      zoneid,
    })
    const cs = async (...args: string[]) => {
      const env = { CLOUDSTACK_CONFIG: config }
      const { stdout } = await run(join(bin, 'cs'), args, { cwd: folder, env, deadline: 60_000 })
      return JSON.parse(stdout) as unknown
    }
    expect(await cs('listTemplates', 'templatefilter=self', `zoneid=${zoneid}`)).toMatchObject({
      count: 1,
      template: [{ name: 'one', displaytext: 'ä & b' }],
    })
    await cs('--async', 'deleteTemplate', `id=${cloud.world.templates[0]?.id ?? ''}`)
    await expect.poll(() => cloud.world.templates).toEqual([])
    await rm(folder, { recursive: true })
  })
})
