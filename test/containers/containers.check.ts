import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { house } from '#test/support/house.ts'
import { provideEngine, type Engine } from './engine.ts'
import { startContainers, type ContainerStack } from './stack.ts'

/** Long enough for leases of a killed container to run out. */
const patience = { timeout: 180_000, interval: 500 }

const services = house.names
const cleanup = new AsyncDisposableStack()
let engine: Engine
let stack: ContainerStack
beforeAll(async () => {
  engine = cleanup.use(await provideEngine())
  stack = cleanup.use(await startContainers(engine))
})
afterAll(() => cleanup.disposeAsync())

describe('compose.yaml', () => {
  it('brings every service up, healthy', async () => {
    await vi.waitFor(async () => {
      const health = await Promise.all(services.map((service) => inspect(service, '{{.State.Health.Status}}')))
      expect(new Set(health.flat())).toEqual(new Set(['healthy']))
    }, patience)
  })

  it('runs each as a nobody that can change nothing but its own folders', async () => {
    for (const service of services) {
      const format = `${service} {{.HostConfig.ReadonlyRootfs}} {{.Config.User}} {{.HostConfig.CapDrop}}`
      expect(await inspect(service, format)).toEqual([`${service} true 10001:10001 [ALL]`])
      const touch = 'touch /opt/imagedrop/x /etc/x 2>&1; grep -E "^(Uid|CapEff)" /proc/1/status'
      const seen = await stack.compose(['exec', '-T', service, 'bash', '-c', touch], { input: Readable.from([]) })
      expect(seen.match(/Read-only file system/g)).toHaveLength(2)
      expect(seen).toMatch(/^Uid:\s+10001\s/m)
      expect(seen).toMatch(/^CapEff:\s+0{16}$/m)
    }
  })

  it('a drop goes through the containers, and publishers to clouds that no image goes to have the audit of the day', async () => {
    const args = ['run', '--rm', '-T', 'operator', 'drop', '--compose', '-', '--json']
    const said = await stack.compose(args, { input: Readable.from([JSON.stringify(composeOf(1))]) })
    expect(said).toContain('"subject":"drop.announced.v1"')
    const worked = await stack.query(`select distinct service from jobs where state = 'done' order by service`)
    expect(worked).toEqual(services.toSorted())
    const hosts = await stack.query('select distinct split_part(owner, $$/$$, 1) from leases')
    expect(hosts).toHaveLength(services.length)
  })

  it('three converters share the work of six drops', async () => {
    await stack.compose(['up', '--detach', '--no-recreate', '--scale', 'converter=3'])
    await handIn(range(2, 8))
    await announced(7)
    const owners = await stack.query(`select owner, count(*) from leases where service = 'converter' group by owner`)
    expect(owners.length).toBeGreaterThanOrEqual(3)
  })

  it('killing containers in the middle of their work loses nothing and doubles nothing', async () => {
    const release = await stack.holdConverters()
    await handIn([8])
    let victim = ''
    await vi.waitFor(async () => {
      // The owner of a lease begins with the host, and the host of a container is named by its id.
      const held = await stack.query(
        `select split_part(lease_owner, '/', 1) from jobs where service = 'converter' and state = 'running'`,
      )
      expect(held).not.toEqual([])
      victim = held[0] ?? ''
    }, patience)
    await engine.docker(['kill', '--signal', 'KILL', victim, ...(await stack.containers('builder'))])
    await release()
    await handIn(range(9, 14))
    await stack.compose(['up', '--detach', '--no-recreate', '--scale', 'converter=3'])
    await announced(13)

    const open = `select service, subject, error from jobs where state <> 'done'`
    // What is public is looked at day by day, while its drop stands.
    expect(await stack.query(`${open} and not (service = 'ec2-publisher' and state = 'waiting')`)).toEqual([])
    // Of 13 drops of four images, each word was said once.
    const said = await stack.query(
      'select subject, count(*), count(distinct (drop_id, envelope::json #>> $${body,image}$$)) from outbox group by subject',
    )
    const counts = new Map(said.map((row) => [row.split('\t')[0], row.split('\t').slice(1)]))
    expect(counts.get('image.built.v1')).toEqual(['52', '52'])
    expect(counts.get('image.converted.v1')).toEqual(['52', '52'])
    expect(counts.get('drop.announced.v1')).toEqual(['13', '13'])
  })

  it('a service that is told to stop ends by itself, with status 0, before Docker loses patience', async () => {
    const ids = (await Promise.all(services.map((service) => stack.containers(service)))).flat()
    await stack.compose(['stop', ...services])
    const ends = await engine.docker(['inspect', '--format', '{{.State.ExitCode}}', ...ids])
    expect(new Set(ends.stdout.trim().split('\n'))).toEqual(new Set(['0']))
  })
})

async function inspect(service: string, format: string): Promise<string[]> {
  const ids = await stack.containers(service)
  return (await engine.docker(['inspect', '--format', format, ...ids])).stdout.trim().split('\n')
}

/** A nightly compose of Debian 12 of some day of 2026. */
function composeOf(day: number) {
  const date = new Date(Date.UTC(2026, 0, day)).toISOString().slice(0, 10).replaceAll('-', '')
  const body = { compose_id: `Debian-12-${date}.n.0`, location: '/var/lib/imagedrop', status: 'FINISHED' }
  return { topic: 'pungi.compose.status.change', body }
}

/** One after the other: a nightly compose that is heard of after a newer one gets no drop any more. */
async function handIn(days: readonly number[]): Promise<void> {
  for (const day of days) {
    const message = composeOf(day)
    await stack.handIn(message)
    await vi.waitFor(async () => {
      const scheduled = `select 1 from outbox where subject = 'drop.scheduled.v1' and drop_id like '%${message.body.compose_id}'`
      expect(await stack.query(scheduled)).toEqual(['1'])
    }, patience)
  }
}

/** Waits for as long as there is progress, however slow this machine is. Says what is left when there is none. */
async function announced(drops: number): Promise<void> {
  let last = ''
  let since = Date.now()
  for (;;) {
    const [progress = ''] = await stack.query(
      `select (select count(distinct drop_id) from outbox where subject = 'drop.announced.v1'),
        (select count(*) from jobs where state = 'done')`,
    )
    if (progress.split('\t')[0] === String(drops)) return
    if (progress !== last) since = Date.now()
    last = progress
    if (Date.now() - since > patience.timeout) {
      const open = await stack.query(`select service, subject, state, error, drop_id from jobs where state <> 'done'`)
      throw new Error(`announced and done: ${progress} and no further; open: ${open.join('; ')}`)
    }
    await sleep(500)
  }
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index)
}
