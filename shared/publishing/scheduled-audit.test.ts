import { expect, it } from 'vitest'
import { checkOutgoing } from '#events/parse.ts'
import { cloudAudited } from '#events/cloud-audited.ts'
import { seal } from '#events/envelope.ts'
import { exampleDrop, exampleRegistration } from '#events/examples.ts'
import type { AuditFinding, AuditReport, AuditState, ClaimedDrop } from '#service/audit.ts'
import { testContext } from '#test/support/context.ts'
import { auditAtCadence, type ScheduledAudit } from './scheduled-audit.ts'

const day = 86_400_000
const start = Date.parse('2026-07-20T06:00:00Z')
const hour = { time: '2026-07-20T06:00:00Z', stream: null }
const claimed: ClaimedDrop = {
  drop: exampleDrop,
  state: 'public',
  isUnderway: false,
  registrations: [{ ...exampleRegistration, image: 'ec2.x86_64', isPublic: true }],
}

function finding(id: string, change: Partial<AuditFinding> = {}): AuditFinding {
  const [{ since: _since, ...example }] = cloudAudited.example.findings as [(typeof cloudAudited.example.findings)[0]]
  return { ...example, id, repaired: false, ...change }
}

const unseen = (place: string) => finding('', { id: null, kind: 'unseen', place, drop: null, repair: null })

/** A publisher that finds something each time that it looks, day by day; what it said each time. */
function auditor(options: Partial<ScheduledAudit> = {}) {
  let state: unknown = null
  let days = 0
  let asked = false
  return {
    state: () => state as AuditState,
    finds: async (findings: readonly AuditFinding[], change: Partial<ScheduledAudit> & { isWoken?: boolean } = {}) => {
      const report: AuditReport = { places: [{ place: 'us-east-1', looked: 7 }], findings }
      const given = { target: 'ec2', everyDays: 1, repair: false, claims: () => Promise.resolve([claimed]) }
      const look: ScheduledAudit['look'] = (_drops, repair) => {
        asked = repair
        return Promise.resolve(report)
      }
      const now = () => new Date(start + days * day)
      const waited = { state: {}, why: 'time', since: now() } as const
      const { isWoken = false, ...settings } = change
      const context = { ...testContext({ now, state }), ...(isWoken ? { waited } : {}) }
      const result = await auditAtCadence(hour, { ...given, look, ...options, ...settings }, context)
      if ('state' in result) state = JSON.parse(JSON.stringify(result.state))
      days += 1
      for (const event of result.events) checkOutgoing(seal(event, { now: now() }))
      return { repaired: asked, waits: 'wait' in result, said: result.events.map(({ body }) => body) }
    },
  }
}

it('tells of a repair also when whoever made it was killed before it could say so', async () => {
  const { finds } = auditor({ repair: true })
  const found = await finds([finding('ami-1'), finding('ami-2', { repair: null })])
  expect(found).toMatchObject({ waits: true, said: [{ findings: [{ id: 'ami-1' }, { id: 'ami-2' }] }] })
  const { waits, said } = await finds([finding('ami-2', { repair: null })], { isWoken: true })
  expect(said).toMatchObject([{ findings: [{ id: 'ami-2' }], ended: [{ id: 'ami-1', repaired: true }] }])
  expect(waits).toBe(false)
})

it('mends nothing any more when the policy has changed while it waited', async () => {
  const { finds } = auditor({ repair: true })
  await finds([finding('ami-1')])
  const { repaired, waits, said } = await finds([finding('ami-1')], { isWoken: true, repair: false })
  expect({ repaired, waits, said }).toEqual({ repaired: false, waits: false, said: [] })
})

it('takes nothing for over in a place that it could not look at', async () => {
  const { finds } = auditor()
  await finds([finding('ami-1'), finding('ami-2', { place: 'eu-west-1' })])
  const { said } = await finds([unseen('eu-west-1')])
  expect(said).toMatchObject([
    { findings: [{ kind: 'unseen' }, { id: 'ami-2', since: '2026-07-20T06:00:00.000Z' }], ended: [{ id: 'ami-1' }] },
  ])
  expect((await finds([])).said).toMatchObject([{ findings: [], ended: [{ kind: 'unseen' }, { id: 'ami-2' }] }])
})

it('does not say that it does not know a drop that has begun since it read what there is', async () => {
  let reads = 0
  const claims = () => Promise.resolve([{ ...claimed, drop: (reads += 1) === 1 ? 'before' : exampleDrop }])
  const { said } = await auditor({ claims }).finds([
    finding('ami-1', { kind: 'unknown' }),
    finding('ami-2', { kind: 'unknown', drop: 'of another ledger' }),
  ])
  expect(said).toMatchObject([{ findings: [{ id: 'ami-2' }] }])
})

it('says what an event has room for, and how much more there is', async () => {
  const { finds, state } = auditor()
  const { said } = await finds(Array.from({ length: 250 }, (_, index) => finding(`ami-${String(index)}`)))
  expect(said).toMatchObject([{ more: 50 }])
  expect(state()?.findings).toHaveLength(250)
})

it('looks at nothing while nothing was ever published, and forgets what it found when it is turned off', async () => {
  const { finds, state } = auditor()
  const nothing = { claims: () => Promise.resolve([{ ...claimed, registrations: [] }]) }
  expect((await finds([finding('ami-1')], nothing)).said).toEqual([])
  expect(state()).toBeNull()
  await finds([finding('ami-1')])
  expect(state()).not.toBeNull()
  expect((await finds([finding('ami-1')], { everyDays: 0 })).said).toEqual([])
  expect(state()).toBeNull()
})
