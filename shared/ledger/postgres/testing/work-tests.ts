import { expect, it } from 'vitest'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { kojiTaskChanged } from '#events/koji.ts'
import { later, leaseNew, now, requested, until, type GuardedLedger } from './guarded-ledger.ts'

/**
 * How services wait and share a host, though each sees its own jobs alone. Called where a database with the roles is: it
 * takes long to start.
 */
export function testWork(guarded: () => GuardedLedger): void {
  it('a service lets a job wait and wakes it with its own account, and sees no wake of another', async () => {
    await using builder = await guarded().open('builder')
    await using converter = await guarded().open('converter')
    const [job] = await leaseNew(converter, 'converter')
    const event = seal(say(kojiTaskChanged, kojiTaskChanged.example), { now })
    const delivery = { envelope: event, key: null, wanted: false, endsWork: false, wakes: 'task 1' }
    await builder.accept('builder', [delivery], now)
    const wait = { for: 'task 1', until: later(60), reason: 'a task', state: {}, events: [] }
    await converter.park(job.id, 'a', wait, now)
    expect(await converter.lease('converter', { owner: 'a', now, until, limit: 1 })).toEqual([])
    // Long after: what is too old is forgotten with the same account.
    await converter.accept('converter', [delivery], now)
    const monthLater = later(30 * 24 * 60 * 60)
    const other = { ...delivery, envelope: { ...event, id: 'f0000000-0000-4000-8000-000000000000' } }
    await converter.accept('converter', [other], monthLater)
    expect(await guarded().rowsOf('converter', 'select from wakes')).toBe('1 rows')
    expect(await guarded().rowsOf('builder', 'select from wakes')).toBe('1 rows')
    const [woken] = await converter.lease('converter', { owner: 'a', now, until, limit: 1 })
    expect(woken?.waited?.why).toEqual({ event })
    await converter.finish(job.id, 'a', { state: 'cancelled', events: [] }, now)
  })

  it('what runs on a host is counted for all services, although each sees its own jobs alone', async () => {
    await using builder = await guarded().open('builder')
    await using converter = await guarded().open('converter')
    await using monitor = await guarded().open('monitor')
    const has = { cores: 2, memoryMib: 1_000, diskMib: 0, kvm: false, root: false, architectures: [] }
    const capacity = { host: 'one', ...has }
    const options = { owner: 'h', now, until, limit: 1, capacity }
    for (const [service, ledger] of Object.entries({ builder, converter })) {
      const deliveries = [{ memoryMib: 800 }, { kvm: true }].map((needs) => {
        return {
          envelope: { ...requested(), drop: 'other' },
          key: null,
          wanted: true,
          endsWork: false,
          priority: -1,
          needs,
        }
      })
      await ledger.accept(service, deliveries, now)
      await ledger.present([{ service, slots: 4 }], 'h', capacity, now)
    }
    const [job] = await builder.lease('builder', options)
    expect(job?.needs).toEqual({ memoryMib: 800 })
    expect(await converter.lease('converter', options)).not.toContainEqual(
      expect.objectContaining({ needs: { memoryMib: 800 } }),
    )
    expect(await builder.unfit(now)).toMatchObject([{ service: 'builder', reason: 'no worker has kvm' }])
    expect((await monitor.unfit(now)).map(({ service }) => service).toSorted()).toEqual(['builder', 'converter'])
    await builder.finish(job?.id ?? 0, 'h', { state: 'done', events: [] }, now)
    expect(await converter.lease('converter', options)).toMatchObject([{ needs: { memoryMib: 800 } }])
    await Promise.all([builder.leave('h'), converter.leave('h')])
    expect(await monitor.workers(now)).toEqual([])
  })

  it('a service has a job of another end for a milestone, and nobody may who is no service', async () => {
    await using builder = await guarded().open('builder')
    await using converter = await guarded().open('converter')
    const has = { cores: 2, memoryMib: 1_000, diskMib: 0, kvm: false, root: false, architectures: [] }
    const options = { owner: 'h', now, capacity: { host: 'two', ...has } }
    const deliveryOf = (drop: string, order: { priority: number; preemptible?: boolean }) => {
      const envelope = { ...requested(), drop }
      return { envelope, key: null, wanted: true, endsWork: false, needs: { memoryMib: 800 }, ...order }
    }
    await converter.accept('converter', [deliveryOf('nightly-1', { priority: -1, preemptible: true })], now)
    const [job] = await converter.lease('converter', { ...options, until, limit: 1 })
    await builder.accept('builder', [deliveryOf('milestone-1', { priority: 0 })], now)
    await builder.present([{ service: 'builder', slots: 4 }], 'h', options.capacity, now)
    expect(await builder.makeRoom('builder', options)).toBe(1)
    const id = job?.id ?? 0
    const held = await converter.heartbeat([id], 'h', until)
    expect(held.get(id)).toEqual({ preemptedBy: 'builder of ec2.x86_64 of milestone-1' })
    const marks = `select preempt('{${String(id)}}', 'two', 'nothing')`
    for (const role of ['monitor', 'operator']) {
      expect(await guarded().rowsOf(role, marks)).toBe('permission denied for function preempt')
    }
    await converter.finish(id, 'h', { state: 'done', events: [] }, now)
    const [taken] = await builder.lease('builder', { ...options, until, limit: 1 })
    expect(taken?.drop).toBe('milestone-1')
    await builder.finish(taken?.id ?? 0, 'h', { state: 'done', events: [] }, now)
    await builder.leave('h')
  })
}
