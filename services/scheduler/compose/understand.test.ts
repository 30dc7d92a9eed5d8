import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ComposeStatusChanged } from '#events/compose.ts'
import { house } from '#test/support/house.ts'
import { readPolicy } from '../policy/read-policy.ts'
import {
  branchedStarted,
  candidate,
  nightly,
  postRelease,
  rawhideIncomplete,
  sparse,
} from './testing/example-messages.ts'
import type { ComposeEvent } from './compose-event.ts'
import { MetadataUnreadable } from './read-metadata.ts'
import { Refused } from './refused.ts'
import { understandCompose, type Qualified } from './understand.ts'

const policy = readPolicy(fileURLToPath(new URL('../../../deploy/drops.yaml', import.meta.url)), house)
const allowed = [...policy.allowedLocations, 'http://mirror.example.org/debian']

/** Understands a message while the compose's own metadata is out of reach. */
async function understandEvent(event: ComposeEvent, final = true): Promise<Qualified | string> {
  const read = (location: string) => Promise.reject(new MetadataUnreadable(`${location}: HTTP 404`, final))
  const came = new Date('2013-05-21T12:34:56Z')
  const result = await understandCompose(event, came, { policy, allowed, read }, new AbortController().signal)
  return 'ignored' in result ? result.ignored : result
}

async function understand(body: ComposeStatusChanged, final = true): Promise<Qualified | string> {
  return await understandEvent({ subject: 'pungi.compose.status.change', body }, final)
}

describe('a compose that may get a drop', () => {
  it.each<[string, ComposeStatusChanged, object]>([
    ['a Rawhide nightly', rawhideIncomplete, { candidate: null, distribution: { stream: 'rawhide' } }],
    ['a branched nightly', { ...branchedStarted, status: 'FINISHED' }, { distribution: { stream: 'branched' } }],
    ['an Alpha candidate', candidate('19', 'Alpha-1.1', '20130416'), { candidate: { milestone: 'Alpha', version: 1 } }],
    ['a Beta candidate', candidate('43', 'Beta-1.3', '20250912'), { candidate: { milestone: 'Beta', respin: 3 } }],
    ['a Final candidate', candidate('43', 'RC-1.6', '20251023'), { candidate: { milestone: 'Final', respin: 6 } }],
    ['a nightly of Fedora 19', nightly('19', '20130521'), { distribution: { architectures: ['i686', 'x86_64'] } }],
    ['a nightly that says no more than its id', sparse(nightly('44', '20260901')), { compose: { type: 'nightly' } }],
    [
      'the repositories of Debian 12',
      {
        ...nightly('12', '20260711'),
        compose_id: 'Debian-12-20260711.n.0',
        location: 'http://mirror.example.org/debian',
      },
      { compose: { short: 'Debian', version: '12' }, distribution: { stream: 'debian-12', recipe: 'debian-12' } },
    ],
  ])('is %s', async (_what, body, expected) => {
    expect(await understand(body)).toMatchObject(expected)
  })

  it('keeps what the message says of it', async () => {
    expect(await understand(candidate('43', 'Beta-1.3', '20250912', 2))).toMatchObject({
      compose: {
        id: 'Fedora-43-20250912.2',
        short: 'Fedora',
        version: '43',
        type: 'production',
        date: '20250912',
        respin: 2,
        label: 'Beta-1.3',
        location: 'https://kojipkgs.fedoraproject.org/compose/43/Fedora-43-20250912.2/compose',
        incomplete: false,
      },
      missing: [],
    })
  })

  it('says that it is incomplete, and that it cannot be said in what', async () => {
    expect(await understand(rawhideIncomplete)).toMatchObject({
      compose: { incomplete: true },
      missing: [expect.stringMatching(/^the compose says FINISHED_INCOMPLETE; its metadata could not be read: .*404/)],
    })
  })
})

describe('a compose that gets no drop', () => {
  const updatesTesting = 'Fedora-39-updates-testing-20240214.0'
  const of = (id: string, more: Partial<ComposeStatusChanged> = {}) => ({
    ...sparse(nightly('39', '20240214')),
    compose_id: id,
    ...more,
  })
  it.each<[string, ComposeStatusChanged, string]>([
    ['one that has only started', branchedStarted, 'has the status STARTED'],
    ['one that is doomed', { ...rawhideIncomplete, status: 'DOOMED' }, 'has the status DOOMED'],
    ['one that was terminated', { ...rawhideIncomplete, status: 'TERMINATED' }, 'has the status TERMINATED'],
    [
      'one of a status like FINISHED',
      { ...rawhideIncomplete, status: 'FINISHED_MAYBE' },
      'has the status FINISHED_MAYBE',
    ],
    ['a post-release update', postRelease, 'RC-20180425.0 is a date: a post-release update'],
    [
      'a post-release update by its full name',
      of('Fedora-Cloud-39-20231130.0', { compose_label: null }),
      'ignored by the policy',
    ],
    ['one of updates-testing by its id', of(updatesTesting), 'is a compose of updates-testing'],
    [
      'one of updates-testing by its release type',
      { ...candidate('39', 'RC-1.1', '20240214'), release_type: 'updates-testing' },
      'updates-testing',
    ],
    ['one of updates', of('Fedora-39-updates-20240214.0'), 'is a compose of updates,'],
    ['a test compose', of('Fedora-39-20240214.t.0'), 'is a test compose'],
    ['a CI compose', of('Fedora-39-20240214.ci.0'), 'is a ci compose'],
    ['a development compose', of('Fedora-39-20240214.d.0'), 'is a development compose'],
    ['a layered release by its id', of('RHSCL-2.0-RHEL-7-20150101.0'), 'is a layered release'],
    [
      'a layered release by its word',
      { ...nightly('39', '20240214'), release_is_layered: true },
      'is a layered release',
    ],
    ['an ELN compose', of('Fedora-eln-20240214.n.0'), 'ELN is Fedora built as'],
    ['an IoT compose', of('Fedora-IoT-40-20240214.0', { compose_label: 'RC-20240214.0' }), 'post-release update'],
    [
      'an update label',
      candidate('39', 'Update-1.0', '20240214'),
      'Update-1.0 names no Alpha, Beta or Final candidate',
    ],
    ['a snapshot label', candidate('39', 'Snapshot-1.0', '20240214'), 'names no Alpha'],
    [
      'a production compose with no label',
      { ...candidate('39', '', '20240214'), compose_label: null },
      'without a label',
    ],
  ])('is %s', async (_what, body, reason) => {
    expect(await understand(body)).toContain(reason)
    expect(await understand(body)).toContain(body.compose_id)
  })
})

it('a compose whose own metadata says that it is of updates-testing gets no drop', async () => {
  const message = sparse(nightly('39', '20240214'))
  const compose = { id: message.compose_id }
  const read = () => Promise.resolve({ payload: { compose, release: { type: 'updates-testing' }, variants: {} } })
  const event = { subject: 'pungi.compose.status.change' as const, body: message }
  const result = await understandCompose(event, new Date(), { policy, allowed, read }, new AbortController().signal)
  expect(result).toEqual({
    ignored: `${message.compose_id} is a compose of updates-testing, not of the release itself`,
  })
})

describe('a compose message that is refused', () => {
  const good = candidate('39', 'RC-1.1', '20240214')
  it.each<[string, ComposeStatusChanged, string[]]>([
    [
      'an unknown distribution',
      { ...good, compose_id: 'Slackware-15-20240214.0' },
      ['compose_id', 'Slackware 15', 'Fedora Rawhide'],
    ],
    [
      'an unknown version',
      { ...good, compose_id: 'Debian-11-20240214.n.0', compose_type: 'nightly' },
      ['compose_id', 'Debian 11', 'Debian 12'],
    ],
    [
      'a path in the id',
      { ...good, compose_id: '../../etc/Fedora-39-20240214.0' },
      ['compose_id', '"../../etc/Fedora-39-20240214.0"'],
    ],
    [
      'a location elsewhere',
      { ...good, location: 'https://elsewhere.example.org/39' },
      ['location', '"https://elsewhere.example.org/39"'],
    ],
    ['a label that is none', { ...good, compose_label: 'Beta 1' }, ['compose_label', '"Beta 1"']],
    ['an empty label', { ...good, compose_label: '' }, ['compose_label', '""']],
    [
      'a type that is not that of the id',
      { ...good, compose_type: 'nightly' },
      ['compose_type', 'production', '"nightly"'],
    ],
    ['no label and no metadata', sparse(good), ['compose_label', 'metadata could not be read', 'HTTP 404']],
  ])('has %s', async (_what, body, words) => {
    const refusal = await understand(body).then(
      () => null,
      (error: unknown) => error,
    )
    expect(refusal).toMatchObject({ code: 'PERMANENT', failureClass: 'refused', field: words[0] })
    for (const word of words) expect(String(refusal)).toContain(word)
  })

  it('is tried again when its label may yet be read', async () => {
    await expect(understand(sparse(good), false)).rejects.toMatchObject({ code: 'TRANSIENT' })
  })
})

describe('a message of before Pungi 4', () => {
  const old = (body: { branch: string; arch?: string; compose_date?: unknown }) =>
    understandEvent({ subject: 'compose.branched.complete', body })

  it('is a nightly of its day, at the place that the policy names', async () => {
    expect(await old({ branch: 'rawhide', arch: '' })).toMatchObject({
      compose: {
        id: 'Fedora-Rawhide-20130521.n.0',
        location: 'https://kojipkgs.fedoraproject.org/mash/rawhide-20130521/rawhide',
        label: null,
      },
      candidate: null,
    })
    expect(await old({ branch: '19' })).toMatchObject({
      compose: { id: 'Fedora-19-20130521.n.0', location: expect.stringContaining('branched-20130521/19') as string },
      distribution: { architectures: ['i686', 'x86_64'] },
    })
  })

  it('is of the day of its envelope, when that is known', async () => {
    expect(await old({ branch: '19', compose_date: '20130701' })).toMatchObject({
      compose: { id: 'Fedora-19-20130701.n.0' },
    })
  })

  it('is ignored when it is about one architecture only', async () => {
    expect(await old({ branch: '19', arch: 'armhfp' })).toBe('the compose of 19 is complete for armhfp only')
  })

  it.each(['', '../19', 'f19', '19 '])('is refused with the branch %j', async (branch) => {
    await expect(old({ branch })).rejects.toThrow(/^branch: expected rawhide or a release number, got "/)
  })

  it.each(['2013-05-21', '20130231', 20130521, null])('is refused with the day %j', async (day) => {
    await expect(old({ branch: '19', compose_date: day })).rejects.toMatchObject({ field: 'compose_date', value: day })
  })
})

it('any message is understood, ignored with a reason, or refused', async () => {
  const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined })
  const messages = fc.record({
    compose_id: fc.oneof(
      fc.string(),
      fc
        .tuple(
          fc.constantFrom('Fedora', 'Debian', 'Fedora-Cloud', 'Other'),
          fc.constantFrom('Rawhide', '12', '19', '43', 'eln', '39-updates-testing'),
          fc.constantFrom('20180426', '20180231'),
          fc.constantFrom('.n.0', '.0', '.t.1', '.d.0', '.x', ''),
        )
        .map(([short, version, date, suffix]) => `${short}-${version}-${date}${suffix}`),
    ),
    status: fc.oneof(fc.constantFrom('FINISHED', 'FINISHED_INCOMPLETE', 'STARTED'), fc.string()),
    location: fc.oneof(fc.constantFrom(rawhideIncomplete.location, 'http://mirror.example.org/debian'), fc.string()),
    compose_label: maybe(fc.oneof(fc.constantFrom(null, 'Beta-1.2', 'RC-1.1', 'RC-20180425.0'), fc.string())),
    compose_type: maybe(fc.constantFrom('nightly', 'production', 'other')),
    release_short: maybe(fc.string()),
    release_type: maybe(fc.constantFrom('ga', 'updates')),
  })
  await fc.assert(
    fc.asyncProperty(messages, async (message) => {
      const body = Object.fromEntries(Object.entries(message).filter(([, value]) => value !== undefined))
      const outcome = await understand(body as ComposeStatusChanged).then(
        (result) => (typeof result === 'string' ? 'ignored' : result.compose.id),
        (error: unknown) => (error instanceof Refused ? error.failureClass : error),
      )
      expect(['ignored', message.compose_id, 'refused']).toContain(outcome)
    }),
    { numRuns: 500 },
  )
})
