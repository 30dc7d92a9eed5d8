import { describe, expect, it } from 'vitest'
import { imageTested } from '#events/image-tested.ts'
import type { Registration } from '#events/vocabulary.ts'
import type { AuditFinding, ClaimedDrop } from '#service/audit.ts'
import type { OpenStack } from '#test/brokers/openstack/openstack.ts'
import { audit } from '../audit.ts'
import { change, envOf } from './as-person.ts'
import { setUp, type Bench } from './bench.ts'
import { blessed, expired, handle, keepDisks, upload } from './events.ts'

const { drop } = imageTested.example
const image = 'generic.x86_64'

/** What an audit of a real Glance finds, and mends, besides what all audits do. Called where one runs already: it takes long to start. */
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
  })
}

/** A drop that is open, as the ledger knows it; and its image. */
async function publish(bench: Bench): Promise<{ readonly claim: ClaimedDrop; readonly id: string }> {
  const registrations = await upload(bench, await keepDisks(bench.artifacts))
  await handle(bench, blessed(registrations))
  return { claim: claimOf(registrations), id: registrations[0]?.id ?? '' }
}

function claimOf(registrations: readonly Registration[]): ClaimedDrop {
  const claimed = registrations.map((one) => ({ ...one, image, isPublic: true }))
  return { drop, state: 'public', isUnderway: false, registrations: claimed }
}

/** As `imagedrop audit openstack` does it. */
async function run(bench: Bench, drops: readonly ClaimedDrop[], repair = false): Promise<readonly AuditFinding[]> {
  const { findings } = await audit.run({ drops, repair, env: envOf(bench), signal: AbortSignal.timeout(60_000) })
  return findings
}
