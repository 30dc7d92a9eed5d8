import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, expect, it } from 'vitest'
import { findServices } from './services.ts'
import { findStandIn, startStandIns } from './stand-ins.ts'

const folder = await mkdtemp(join(tmpdir(), 'imagedrop-stand-ins-'))
const log = pino({ level: 'silent' })
afterAll(() => rm(folder, { recursive: true }))

/** A host with nothing but a home folder. */
const bare = { HOME: folder }

it('emulates what a host cannot reach, in a process that ends with us, and says so', async () => {
  const services = await findServices(bare)
  const stateFolder = join(folder, 'state')
  let url = ''
  {
    await using standIns = await startStandIns(services, services.names, { env: bare, stateFolder, log })
    expect(standIns.notes).toEqual(['EC2: emulated (no AWS credentials on this host)'])
    url = standIns.env['IMAGEDROP_EC2_PUBLISHER_ENDPOINT'] ?? ''
    expect((await fetch(url, { method: 'POST' })).status).toBe(401)
  }
  await expect(fetch(url, { method: 'POST' })).rejects.toThrow('fetch failed')
  expect(await readFile(join(stateFolder, 'logs', 'ec2-emulator.log'), 'utf8')).toContain(url)
})

it('tells nothing of what no setting uses, and emulates it where one does', async () => {
  const listings = join(folder, 'listings.yaml')
  const env = { ...bare, IMAGEDROP_MARKETPLACE_PUBLISHER_LISTINGS: listings }
  const services = await findServices(env)
  const notes = async () => {
    await using standIns = await startStandIns(services, ['marketplace-publisher'], { env, stateFolder: folder, log })
    return standIns.notes
  }
  await writeFile(listings, 'apply: false\nproducts: []\n')
  expect(await notes()).toEqual([])
  const product =
    'product: prod-1, distribution: [Debian], flavour: [ec2], architecture: x86_64, usage: x, user_name: debian, ' +
    "os_name: x, instance_type: t3.micro, access_role: 'arn:aws:iam::123456789012:role/x'"
  await writeFile(listings, `apply: false\nproducts: [{ ${product} }]\n`)
  expect(await notes()).toEqual(['the Marketplace: emulated (no AWS credentials on this host)'])
})

it.each([
  ['the host can reach the real one', ['ec2-publisher'], { AWS_PROFILE: 'release' }, ['EC2: AWS, by AWS_PROFILE']],
  ['no service runs here that would want one', ['scheduler', 'announcer'], {}, []],
])('emulates nothing when %s', async (_, names, more, notes) => {
  const env = { ...bare, ...more }
  await using standIns = await startStandIns(await findServices(env), names, { env, stateFolder: folder, log })
  expect(standIns).toMatchObject({ env: {}, notes })
})

it('finds the emulator of a service that was added, in its folder', async () => {
  const service = join(folder, 'extension', 'services', 'tape-publisher')
  await mkdir(service, { recursive: true })
  await writeFile(join(service, 'service.ts'), '')
  await writeFile(
    join(service, 'stand-in.ts'),
    `import { createServer } from 'node:http'
export const standIn = {
  target: 'tape',
  title: 'Tape',
  look: () => ({ missing: 'no tape drive' }),
  settings: (url: string) => ({ IMAGEDROP_TAPE_PUBLISHER_URL: url }),
  async start({ port }: { port: number }) {
    const server = createServer((_, response) => void response.end('tape'))
    await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve))
    const address = server.address() as { port: number }
    return { url: 'http://127.0.0.1:' + address.port, close: async () => void server.close().closeAllConnections() }
  },
}
`,
  )
  const env = { ...bare, AWS_PROFILE: 'x', IMAGEDROP_EXTENSIONS: join(folder, 'extension') }
  const services = await findServices(env)
  await using standIns = await startStandIns(services, services.names, { env, stateFolder: folder, log })
  expect(standIns.notes).toContain('Tape: emulated (no tape drive)')
  expect(await (await fetch(standIns.env['IMAGEDROP_TAPE_PUBLISHER_URL'] ?? '')).text()).toBe('tape')
  await expect(findStandIn(services, 'disc')).rejects.toThrow(
    'there is no emulator of "disc"; there are ec2, eucalyptus, marketplace, tape',
  )
})
