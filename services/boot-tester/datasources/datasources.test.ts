import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { azure } from './azure/datasource.ts'
import { azureImds } from './azure/imds.ts'
import { wireServer } from './azure/wireserver.ts'
import { cloudStack, routerAnswers } from './cloudstack/datasource.ts'
import { passwordServer } from './cloudstack/password-server.ts'
import { configDrive } from './configdrive/datasource.ts'
import { gce } from './gce/datasource.ts'
import { gceAnswers } from './gce/metadata-server.ts'
import { dataSources } from './index.ts'
import { noCloudUrl, seedAnswers } from './nocloud-url/datasource.ts'
import { openStack, openStackAnswers } from './openstack/datasource.ts'
import { ask, exampleInstance } from './testing/ask.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datasources-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})
const open = (source: (typeof dataSources)[number]) =>
  source.open(exampleInstance, folder, new AbortController().signal)

it('every folder with a data source is in the list, and names are unique', async () => {
  const entries = await readdir(import.meta.dirname, { withFileTypes: true, recursive: true })
  const folders = entries.filter(({ name }) => name === 'datasource.ts').map(({ parentPath }) => parentPath)
  const names = dataSources.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const path of folders.filter((one) => one !== import.meta.dirname))
    expect(names.some((name) => name.startsWith(path.split('/').at(-1) ?? '-'))).toBe(true)
})

it('a cloud that is closed answers nobody, and its log of requests stays', async () => {
  const cloud = await open(openStack)
  expect(await readFile(cloud.requestLog ?? '', 'utf8')).toBe('')
  const { socket } = cloud.servers[0] ?? { socket: '' }
  expect(await fetchFrom(socket, '/openstack')).toContain('2018-08-27')
  await cloud[Symbol.asyncDispose]()
  await expect(fetchFrom(socket, '/openstack')).rejects.toThrow('ENOENT')
  expect(existsSync(dirname(socket))).toBe(false)
  const [line] = (await readFile(cloud.requestLog ?? '', 'utf8')).trim().split('\n')
  expect(JSON.parse(line ?? '')).toMatchObject({
    method: 'GET',
    url: 'http://169.254.169.254/openstack',
    status: 200,
  })
  expect(cloud.requests()).toHaveLength(1)
})

async function fetchFrom(socketPath: string, path: string): Promise<string> {
  const asked = request({ socketPath, path, agent: false }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  return await text(response)
}

describe('configdrive', () => {
  it("is a disk that carries OpenStack's label and both of its trees", async () => {
    const { disks } = await open(configDrive)
    const disk = disks[0]?.path ?? ''
    const { stdout } = await run('xorriso', ['-indev', disk, '-find', '/', '-type', 'f'])
    expect(stdout).toContain("'/openstack/latest/meta_data.json'")
    expect(stdout).toContain("'/openstack/2012-08-10/user_data'")
    expect(stdout).toContain("'/ec2/latest/meta-data.json'")
    expect((await run('blkid', ['-o', 'value', '-s', 'LABEL', disk])).stdout.trim()).toBe('config-2')
    const copy = join(folder, 'copy')
    await run('xorriso', ['-osirrox', 'on', '-indev', disk, '-extract', '/openstack/latest/meta_data.json', copy])
    expect(JSON.parse(await readFile(copy, 'utf8'))).toMatchObject({
      uuid: configDrive.idOf(exampleInstance),
      hostname: 'boot-test',
      public_keys: { 'boot-test': exampleInstance.publicKey },
    })
  })
})

describe('openstack', () => {
  it.each([
    ['GET /openstack', 200],
    ['GET /openstack/latest/', 200],
    ['GET /openstack/2018-08-27/network_data.json', 200],
    ['GET /openstack/1999-01-01/meta_data.json', 404],
    ['GET /openstack/latest/password', 404],
    ['GET /openstack/latest/__proto__', 404],
    ['GET /openstack/latest/user_data/below', 404],
    ['PUT /openstack/latest/user_data', 405],
    ['GET /2009-04-04/meta-data/instance-id', 200],
  ])('%s is answered %i', (line, status) => {
    expect(ask(openStackAnswers(exampleInstance), line).status).toBe(status)
  })

  it("the firmware's UUID is the instance's", async () => {
    await using cloud = await open(openStack)
    const { uuid } = JSON.parse(
      ask(openStackAnswers(exampleInstance), 'GET /openstack/latest/meta_data.json').body ?? '',
    ) as {
      uuid: string
    }
    expect(uuid).toBe(cloud.identity.uuid)
  })
})

describe('cloudstack', () => {
  it.each([
    ['GET /latest/meta-data/instance-id', cloudStack.idOf(exampleInstance)],
    ['GET /latest/meta-data/public-keys', exampleInstance.publicKey],
    ['GET /latest/user-data', exampleInstance.userData],
  ])('%s', (line, body) => {
    expect(ask(routerAnswers(exampleInstance), line)).toMatchObject({ status: 200, body })
  })

  it('knows no versions but the latest, and no paths but its own', () => {
    expect(ask(routerAnswers(exampleInstance), 'GET /2009-04-04/meta-data/').status).toBe(404)
    expect(ask(routerAnswers(exampleInstance), 'GET /latest/dynamic/').status).toBe(404)
  })

  it('gives the password until it has heard that it was saved, and not after', () => {
    const answers = passwordServer('secret')
    const say = (request?: string) =>
      ask(answers, 'GET /', { headers: request === undefined ? {} : { domu_request: request } })
    expect(say('send_my_password').body).toBe('secret')
    expect(say('send_my_password').body).toBe('secret')
    expect(say('saved_password').body).toBe('saved_password')
    expect(say('send_my_password').body).toBe('saved_password')
    expect(say()).toMatchObject({ status: 200, body: 'bad_request' })
    expect(say('give_me_all').body).toBe('bad_request')
  })

  it("is the guest's router, at both ports", async () => {
    await using cloud = await open(cloudStack)
    expect(cloud.servers.map(({ address, port }) => `${address} ${String(port)}`)).toEqual(['router 80', 'router 8080'])
    expect(cloud.identity.product).toMatch(/^CloudStack/)
  })
})

describe('gce', () => {
  const google = { headers: { 'metadata-flavor': 'Google' } }
  const answers = gceAnswers(exampleInstance)

  it.each([
    ['without the flavour', 'GET /computeMetadata/v1/instance/id', { headers: {} }, 403],
    ['of another flavour', 'GET /computeMetadata/v1/instance/id', { headers: { 'metadata-flavor': 'google' } }, 403],
    [
      'that came through a proxy',
      'GET /computeMetadata/v1/instance/id',
      { headers: { ...google.headers, 'x-forwarded-for': '192.0.2.1' } },
      403,
    ],
    ['as it should be', 'GET /computeMetadata/v1/instance/id', google, 200],
    ['for a folder without its slash', 'GET /computeMetadata/v1/instance?recursive=true', google, 301],
    ['for what is not there', 'GET /computeMetadata/v1/instance/nothing', google, 404],
    ['that writes', 'PUT /computeMetadata/v1/instance/guest-attributes/hostkeys/ssh-rsa', google, 405],
  ])('a request %s is answered', (_, line, changes, status) => {
    const answer = ask(answers, line, changes)
    expect(answer.status).toBe(status)
    expect(answer.headers).toMatchObject({ 'metadata-flavor': 'Google' })
  })

  it('names in JSON are written like this, but those of attributes stay', () => {
    const { body } = ask(answers, 'GET /computeMetadata/v1/instance/?recursive=True', google)
    expect(JSON.parse(body ?? '')).toMatchObject({
      machineType: expect.stringContaining('e2-small') as string,
      attributes: { 'user-data': exampleInstance.userData },
    })
    expect(
      JSON.parse(ask(answers, 'GET /computeMetadata/v1/instance/attributes/?recursive=true', google).body ?? ''),
    ).toEqual({
      'ssh-keys': `cloudinit:${exampleInstance.publicKey}`,
      'user-data': exampleInstance.userData,
    })
    expect(ask(answers, 'GET /computeMetadata/v1/instance/network-interfaces/', google).body).toBe('0/\n')
  })

  it('has a name, and a firmware that says so', async () => {
    await using cloud = await open(gce)
    expect(cloud.servers[0]).toMatchObject({
      address: '169.254.169.254',
      names: ['metadata.google.internal', 'metadata'],
    })
    expect(cloud.identity).toMatchObject({ product: 'Google Compute Engine' })
    expect(cloud.identity.serial).toMatch(/^GoogleCloud-\d+$/)
  })
})

describe('azure', () => {
  const imds = azureImds(exampleInstance)
  const metadata = { headers: { metadata: 'true' } }
  const version = 'api-version=2021-08-01'

  it.each([
    ['without its header', `GET /metadata/instance?${version}`, { headers: {} }, 400],
    [
      'that came through a proxy',
      `GET /metadata/instance?${version}`,
      { headers: { ...metadata.headers, 'x-forwarded-for': '::1' } },
      400,
    ],
    ['without a version', 'GET /metadata/instance', metadata, 400],
    ['of a version that is not there', 'GET /metadata/instance?api-version=1999-01-01', metadata, 400],
    ['as it should be', `GET /metadata/instance?${version}&extended=true`, metadata, 200],
    ['for a leaf as JSON', `GET /metadata/instance/compute/vmId?${version}`, metadata, 400],
    ['for a leaf as text', `GET /metadata/instance/compute/vmId?${version}&format=text`, metadata, 200],
    ['for what is not there', `GET /metadata/instance/compute/nothing?${version}`, metadata, 404],
    ['for another service', `GET /metadata/identity?${version}`, metadata, 404],
    ['that writes', `POST /metadata/instance?${version}`, metadata, 405],
  ])('a request %s is answered', (_, line, changes, status) => {
    expect(ask(imds, line, changes).status).toBe(status)
  })

  it('the wire server wants its version, and the report of this instance', () => {
    const wire = wireServer(exampleInstance)
    const headers = { 'x-ms-version': '2012-11-30' }
    expect(ask(wire, 'GET /machine/?comp=goalstate').status).toBe(400)
    const { status, body = '' } = ask(wire, 'GET /machine/?comp=goalstate', { headers })
    expect(status).toBe(200)
    const id = /<InstanceId>.*?<\/InstanceId>/.exec(body)?.[0] ?? ''
    expect(ask(wire, 'POST /machine?comp=health', { headers, body: `<Health>${id}</Health>` }).status).toBe(200)
    expect(ask(wire, 'POST /machine?comp=health', { headers, body: '<Health/>' }).status).toBe(400)
    expect(ask(wire, 'GET /machine/?comp=certificates', { headers }).status).toBe(404)
  })

  it('has a disk with the provisioning file, and two servers', async () => {
    await using cloud = await open(azure)
    const copy = join(folder, 'copy')
    await run('xorriso', ['-osirrox', 'on', '-indev', cloud.disks[0]?.path ?? '', '-extract', '/ovf-env.xml', copy])
    const data = /<CustomData>(.*)<\/CustomData>/.exec(await readFile(copy, 'utf8'))?.[1] ?? ''
    expect(Buffer.from(data, 'base64').toString()).toBe(exampleInstance.userData)
    expect(cloud.servers.map(({ address }) => address)).toEqual(['169.254.169.254', '168.63.129.16'])
  })
})

describe('nocloud-url', () => {
  it('the serial number names the server, which has the files of a seed and no others', async () => {
    await using cloud = await open(noCloudUrl)
    expect(cloud.identity.serial).toBe('ds=nocloud-net;s=http://169.254.169.254/')
    const answers = seedAnswers(exampleInstance)
    expect(ask(answers, 'GET /user-data')).toMatchObject({ status: 200, body: exampleInstance.userData })
    expect(ask(answers, 'GET /meta-data').status).toBe(200)
    expect(ask(answers, 'GET /vendor-data').status).toBe(404)
  })
})
