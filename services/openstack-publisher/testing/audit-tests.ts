import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { cadenceReached } from '#events/cadence.ts'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageTested } from '#events/image-tested.ts'
import type { Registration } from '#events/vocabulary.ts'
import { changeImage, createImage } from '#openstack/glance.ts'
import type { AuditFinding, ClaimedDrop } from '#service/audit.ts'
import type { OpenStack } from '#test/brokers/openstack/openstack.ts'
import { audit } from '../audit.ts'
import { readOpenstackPublisherConfig } from '../config.ts'
import { createOpenPlaces, type Place } from '../places.ts'
import { setUp, type Bench } from './bench.ts'
import { blessed, expired, handle, keepDisks, upload } from './events.ts'

const { drop } = imageTested.example
const image = 'generic.x86_64'

/** What an audit of a real Glance finds, and mends. Called where one runs already: it takes long to start. */
export function testAudit(cloud: () => OpenStack): void {
  describe('an audit', () => {
    it('finds that an image is closed, hidden or gone, and opens and shows it if told', async () => {
      await using bench = await setUp(cloud())
      const { claim, id } = await publish(bench)
      expect(await run(bench, [claim])).toEqual([])
      const about = { place: 'one', drop, image, id, expected: 'community' }
      await change(bench, id, { visibility: 'private', os_hidden: true })
      const closed = { ...about, kind: 'private', found: 'hidden, private', repair: 'it is made community and shown' }
      expect(await run(bench, [claim])).toMatchObject([{ ...closed, repaired: false }])
      expect(await run(bench, [claim], true)).toMatchObject([{ ...closed, repaired: true }])
      expect(await bench.images()).toMatchObject([{ id, visibility: 'community', os_hidden: false }])
      expect(await run(bench, [claim])).toEqual([])
      await handle(bench, expired(claim.registrations))
      expect(await run(bench, [claim], true)).toMatchObject([
        { ...about, kind: 'gone', found: 'not there', repair: null, repaired: false },
      ])
    })

    it('finds what is there and should not be, and removes what is of a drop that the ledger knows', async () => {
      await using bench = await setUp(cloud())
      const { claim, id } = await publish(bench)
      const [theirs] = await upload(bench, await keepDisks(bench.artifacts), { drop: 'nightly-another' })
      const bare = {
        container_format: 'bare',
        visibility: 'private',
        min_disk: 0,
        min_ram: 0,
        tags: ['imagedrop'],
      } as const
      const byHand = { ...bare, id: randomUUID(), name: 'by-hand', disk_format: 'raw', properties: {} }
      await createImage(await placeOf(bench), byHand, AbortSignal.timeout(60_000))
      const unknown = { kind: 'unknown', id: theirs?.id, drop: 'nightly-another', repair: null, repaired: false }
      expect(await run(bench, [claim], true)).toMatchObject([unknown])
      // What is half done is no finding.
      expect(await run(bench, [claimOf([], { isUnderway: true })], true)).toMatchObject([unknown])
      expect(await run(bench, [claimOf([])])).toContainEqual(expect.objectContaining({ kind: 'unclaimed', id, image }))
      const ended = claimOf(claim.registrations, { state: 'ended' })
      expect(await run(bench, [ended])).toContainEqual(
        expect.objectContaining({ kind: 'left', id, repair: 'it is removed', repaired: false }),
      )
      await run(bench, [ended], true)
      expect(await run(bench, [ended], true)).toMatchObject([unknown])
      expect((await bench.images()).map(({ name }) => name)).toContain('by-hand')
    })

    it('says of a cloud that it cannot be looked at, and of one that is configured no more', async () => {
      await using bench = await setUp(cloud())
      const { claim } = await publish(bench)
      const moved = claim.registrations.map((one) => ({ ...one, place: 'two' }))
      const away = bench.publisher({ IMAGEDROP_OPENSTACK_PUBLISHER_PATIENCE_SECONDS: '0.1' }, () =>
        Promise.reject(new Error('the network is down')),
      )
      const context = { signal: AbortSignal.timeout(60_000), progress: () => {} }
      const report = await away.audit([{ ...claim, registrations: moved }], context, { repair: true })
      expect(report.places).toEqual([])
      expect(report.findings).toMatchObject([
        { kind: 'unseen', place: 'one', what: expect.stringContaining('the network is down') as string },
        { kind: 'unseen', place: 'two', what: expect.stringMatching(/CLOUDS does not name it any more/) as string },
      ])
    })

    it('looks when the hour of the day has come, and says what has changed', async () => {
      await using bench = await setUp(cloud())
      const { claim, id } = await publish(bench)
      const time = new Date(0).toISOString()
      const hour = seal(say(cadenceReached, { time, stream: null }), { now: new Date(), id: randomUUID() })
      const daily = { everyDays: 1, repair: false, claims: () => Promise.resolve([claim]) }
      const first = await handle({ ...bench, audit: daily }, hour)
      expect(first.events).toEqual([])
      await change(bench, id, { visibility: 'private' })
      const again = await handle({ ...bench, audit: daily }, hour)
      expect(again.events).toMatchObject([
        { subject: 'cloud.audited.v1', body: { target: 'openstack', places: [{ place: 'one', looked: 1 }] } },
      ])
      expect(again.events).toMatchObject([{ body: { findings: [{ kind: 'private', id }], ended: [] } }])
      expect((await handle(bench, hour)).events).toEqual([])
    })
  })
}

/** A drop that is open, as the ledger knows it; and its image. */
async function publish(bench: Bench): Promise<{ readonly claim: ClaimedDrop; readonly id: string }> {
  const registrations = await upload(bench, await keepDisks(bench.artifacts))
  await handle(bench, blessed(registrations))
  return { claim: claimOf(registrations), id: registrations[0]?.id ?? '' }
}

function claimOf(registrations: readonly Registration[], change: Partial<ClaimedDrop> = {}): ClaimedDrop {
  const claimed = registrations.map((one) => ({ ...one, image, isPublic: true }))
  return { drop, state: 'public', isUnderway: false, registrations: claimed, ...change }
}

const envOf = ({ cloudsFile }: Bench) => ({
  IMAGEDROP_OPENSTACK_PUBLISHER_CLOUDS: 'one=community',
  IMAGEDROP_OPENSTACK_PUBLISHER_CLOUDS_FILE: cloudsFile,
  IMAGEDROP_OPENSTACK_PUBLISHER_POLL_SECONDS: '0.1',
})

/** As `imagedrop audit openstack` does it. */
async function run(bench: Bench, drops: readonly ClaimedDrop[], repair = false): Promise<readonly AuditFinding[]> {
  const { findings } = await audit.run({ drops, repair, env: envOf(bench), signal: AbortSignal.timeout(60_000) })
  return findings
}

/** The cloud, as a person with the same account sees it. */
async function placeOf(bench: Bench): Promise<Place> {
  const [place] = await createOpenPlaces(readOpenstackPublisherConfig(envOf(bench)), envOf(bench))()
  if (place === undefined) throw new Error('there is no cloud')
  return place
}

async function change(bench: Bench, id: string, values: Readonly<Record<string, string | boolean>>): Promise<void> {
  await changeImage(await placeOf(bench), id, values, AbortSignal.timeout(60_000))
}
