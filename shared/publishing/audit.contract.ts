import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { cadenceReached } from '#events/cadence.ts'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { exampleDrop as drop } from '#events/examples.ts'
import type { Registration } from '#events/vocabulary.ts'
import type { AuditFinding, ClaimedDrop } from '#service/audit.ts'
import type { Audits, OpenPlace, PlaceDeclaration } from './testing/contract-place.ts'
import { expectAfter } from './testing/expectations.ts'
import type { Measured } from './testing/measured.ts'
import { openTrial } from './testing/trial.ts'

const repair = { repair: true }

/** What an audit finds of one image, and what it mends and leaves alone. */
export function testAudits(given: () => Measured, exceptions: NonNullable<PlaceDeclaration['exceptions']>): void {
  it('an audit tells that an image is not open, opens it if told, and finds nothing where all is as it was said', async ({
    skip,
  }) => {
    skip(exceptions.audited !== undefined, exceptions.audited)
    await using audited = await publish(given())
    const { place, registrations, audits, claim } = audited
    expect(await findingsOf(audits, [claim])).toEqual([])
    await audits.close()
    const about = { id: registrations[0]?.id, drop, image: audits.image }
    const closed = { ...about, kind: 'private', found: 'private' }
    expect(await findingsOf(audits, [claim])).toMatchObject([{ ...closed, repaired: false }])
    // A published drop may have images that failed, and stay private.
    const failed = { ...claim, registrations: claim.registrations.map((one) => ({ ...one, isPublic: false })) }
    expect(await findingsOf(audits, [failed], repair)).toEqual([])
    expect((await place.inventory()).ours).toMatchObject([{ isPublic: false }])
    expect(await findingsOf(audits, [claim], repair)).toMatchObject([{ ...closed, repaired: true }])
    await expectAfter(place, 'publish', registrations)
    expect(await findingsOf(audits, [claim])).toEqual([])
  })

  it('an audit removes what a drop that has ended has left, not while that goes on, and makes nothing anew', async ({
    skip,
  }) => {
    skip(exceptions.audited !== undefined, exceptions.audited)
    await using audited = await publish(given())
    const { place, registrations, audits, claim } = audited
    const [id = ''] = registrations.map((one) => one.id)
    const ended = { ...claim, state: 'ended' as const }
    expect(await findingsOf(audits, [{ ...ended, isUnderway: true }], repair)).toEqual([])
    expect(await findingsOf(audits, [{ ...claim, state: 'private', registrations: [] }], repair)).toEqual([])
    expect(await findingsOf(audits, [{ ...claim, registrations: [] }])).toContainEqual(
      expect.objectContaining({ kind: 'unclaimed', id, image: audits.image, repaired: false }),
    )
    expect(await findingsOf(audits, [ended])).toContainEqual(
      expect.objectContaining({ kind: 'left', id, drop, repair: 'it is removed', repaired: false }),
    )
    await expectAfter(place, 'publish', registrations)
    expect((await findingsOf(audits, [ended], repair)).every((one) => one.repaired)).toBe(true)
    // What was still used by what went just then goes the next time.
    await expect.poll(() => findingsOf(audits, [ended], repair), { timeout: 20_000 }).toEqual([])
    // A name that led to it is no part of an audit.
    const nothing = { ours: [], leftovers: [] }
    expect(await place.inventory()).toMatchObject(nothing)
    expect(await findingsOf(audits, [claim], repair)).toMatchObject([
      { kind: 'gone', id, repair: null, repaired: false },
    ])
    expect(await place.inventory()).toMatchObject(nothing)
  })

  it('an audit tells what another ledger may own, and leaves it alone', async ({ skip }) => {
    skip(exceptions.audited !== undefined, exceptions.audited)
    await using audited = await publish(given())
    const { place, registrations, audits } = audited
    const unknown = await findingsOf(audits, [], repair)
    expect(unknown).toContainEqual(expect.objectContaining({ kind: 'unknown', id: registrations[0]?.id, drop }))
    expect(unknown.every((one) => one.kind === 'unknown' && one.repair === null && !one.repaired)).toBe(true)
    await expectAfter(place, 'publish', registrations)
  })

  it('audits when the hour of the day has come, if it is to, and says what has changed', async ({ skip }) => {
    skip(exceptions.audited !== undefined, exceptions.audited)
    await using audited = await publish(given())
    const { registrations, audits, claim } = audited
    const time = new Date(0).toISOString()
    const hour = seal(say(cadenceReached, { time, stream: null }), { now: new Date(), id: randomUUID() })
    const daily = { everyDays: 1, repair: false, claims: () => Promise.resolve([claim]) }
    expect((await audits.hear(hour, daily)).events).toEqual([])
    await audits.close()
    const [said, ...more] = (await audits.hear(hour, daily)).events
    const [{ id, place, target } = { id: '' }] = registrations
    expect(said).toMatchObject({ subject: 'cloud.audited.v1', body: { target, places: [{ place }], ended: [] } })
    expect(said).toMatchObject({ body: { findings: [{ kind: 'private', place, id }] } })
    expect(more).toEqual([])
    expect((await audits.hear(hour)).events).toEqual([])
  })

  it('an audit does not look at what others have made, or a person with the same account', async ({ skip }) => {
    skip(exceptions.audited !== undefined, exceptions.audited)
    await using trial = await openTrial(given().started)
    const { place } = trial
    await place.occupy()
    const there = await place.inventory()
    expect(there.others).not.toEqual([])
    expect(await findingsOf(auditsOf(place), [], repair)).toEqual([])
    expect(await place.inventory()).toEqual(there)
  })
}

interface Audited extends AsyncDisposable {
  readonly place: OpenPlace
  readonly audits: Audits
  readonly registrations: readonly Registration[]
  /** The drop of the one image, as the ledger knows it. */
  readonly claim: ClaimedDrop
}

async function publish({ started }: Measured): Promise<Audited> {
  const trial = await openTrial(started)
  const { place } = trial
  const audits = auditsOf(place)
  const registrations = await trial.goOn(place.steps)
  const claimed = registrations.map((one) => ({ ...one, image: audits.image, isPublic: true }))
  return {
    place,
    audits,
    registrations,
    claim: { drop, state: 'public', isUnderway: false, registrations: claimed },
    [Symbol.asyncDispose]: () => trial[Symbol.asyncDispose](),
  }
}

function auditsOf({ audits }: OpenPlace): Audits {
  if (audits === undefined) throw new Error('the place does not say how it is audited')
  return audits
}

async function findingsOf(
  audits: Audits,
  drops: readonly ClaimedDrop[],
  how = { repair: false },
): Promise<readonly AuditFinding[]> {
  return (await audits.audit(drops, how)).findings
}
