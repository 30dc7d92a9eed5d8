import { describe, expect, it } from 'vitest'
import { nightly } from '../compose/testing/example-messages.ts'
import { everyNight, shipped, Stream } from './testing/told-stream.ts'

describe('the weekly drop', () => {
  it('is made of the first nightly of a new stream', async () => {
    const stream = new Stream()
    expect(await stream.hears(nightly('Rawhide', '20260715'), '2026-07-15T09:00:00Z')).toEqual([
      'weekly-Fedora-Rawhide-20260715.n.0',
    ])
  })

  it('is one a week, of the newest nightly that has finished when it is due', async () => {
    const stream = new Stream()
    await stream.hears(nightly('Rawhide', '20260714'), '2026-07-14T09:00:00Z')
    for (const day of ['15', '16', '17', '18', '19']) {
      expect(await stream.hears(nightly('Rawhide', `202607${day}`), `2026-07-${day}T09:00:00Z`)).toEqual([])
      expect(stream.last.ignored).toContain('this week of rawhide has the drop weekly-Fedora-Rawhide-20260714.n.0')
    }
    await stream.hears(nightly('Rawhide', '20260719'), '2026-07-19T10:00:00Z')
    expect(stream.last.ignored).toBe('Fedora-Rawhide-20260719.n.0 is known already as the newest of its stream')
    expect(stream.reaches('2026-07-20T05:59:59Z')).toEqual([])
    expect(stream.reaches('2026-07-20T06:00:00Z')).toEqual(['weekly-Fedora-Rawhide-20260719.n.0'])
    expect(stream.reaches('2026-07-20T06:00:01Z')).toEqual([])
    expect(await stream.hears(nightly('Rawhide', '20260720'), '2026-07-20T09:00:00Z')).toEqual([])
    expect(stream.reaches('2026-07-27T06:00:00Z')).toEqual(['weekly-Fedora-Rawhide-20260720.n.0'])
  })

  it('that was missed while nothing ran is caught up once, however many weeks it was', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    await stream.hears(nightly('44', '20260715'), '2026-07-15T09:00:00Z')
    expect(stream.reaches('2026-08-05T17:00:00Z')).toEqual(['weekly-Fedora-44-20260715.n.0'])
    expect(stream.reaches('2026-08-06T06:00:00Z')).toEqual([])
    expect(await stream.hears(nightly('44', '20260806'), '2026-08-06T09:00:00Z')).toEqual([])
  })

  it('waits for a new nightly when none has finished since the last', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    expect(stream.reaches('2026-07-20T06:00:00Z')).toEqual([])
    expect(stream.last.ignored).toBe('no nightly compose has finished since Fedora-44-20260714.n.0')
    expect(await stream.hears(nightly('44', '20260722'), '2026-07-22T09:00:00Z')).toEqual([
      'weekly-Fedora-44-20260722.n.0',
    ])
  })

  it('is replaced by a respin of its day', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    expect(await stream.hears(nightly('44', '20260714', 1), '2026-07-14T19:00:00Z')).toEqual([
      'weekly-Fedora-44-20260714.n.1',
      'weekly-Fedora-44-20260714.n.1 instead of weekly-Fedora-44-20260714.n.0',
    ])
    expect(stream.last.events[0]?.body).toMatchObject({ supersedes: 'weekly-Fedora-44-20260714.n.0' })
  })

  it('of the next week is still due when a respin replaces that of the last', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260719'), '2026-07-19T09:00:00Z')
    expect(await stream.hears(nightly('44', '20260719', 1), '2026-07-20T09:00:00Z')).toHaveLength(2)
    expect(await stream.hears(nightly('44', '20260721'), '2026-07-21T09:00:00Z')).toEqual([
      'weekly-Fedora-44-20260721.n.0',
    ])
  })

  it('is not made of an older compose that arrives late', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260714', 1), '2026-07-14T09:00:00Z')
    expect(await stream.hears(nightly('44', '20260714', 0), '2026-07-21T09:00:00Z')).toEqual([])
    expect(stream.last.ignored).toContain('an older respin than Fedora-44-20260714.n.1')
    expect(await stream.hears(nightly('44', '20260713'), '2026-07-21T09:00:00Z')).toEqual([])
    expect(stream.last.ignored).toContain('is older than Fedora-44-20260714.n.1')
  })

  it('comes once when its compose is told of twice', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    expect(await stream.hears(nightly('44', '20260714'), '2026-07-28T09:00:00Z')).toEqual([])
    expect(stream.last.ignored).toBe('Fedora-44-20260714.n.0 already has the drop weekly-Fedora-44-20260714.n.0')
  })

  it('has the images, formats, targets and gate of the policy', async () => {
    const stream = new Stream()
    await stream.hears(nightly('19', '20260714'), '2026-07-14T09:00:00Z')
    expect(stream.last.events[0]?.body).toMatchObject({
      kind: 'weekly',
      milestone: null,
      gate: 'policy',
      images: [
        { flavour: 'generic', architecture: 'i686', targets: ['mirror'] },
        { flavour: 'generic', architecture: 'x86_64', formats: shipped.formats.weekly },
        { flavour: 'ec2', architecture: 'i686', targets: ['mirror', 'ec2'] },
        { flavour: 'ec2', architecture: 'x86_64', recipe: 'fedora-19' },
      ],
    })
  })
})

describe('a nightly drop', () => {
  it('is made of each nightly besides the weekly one, where the policy wants it', async () => {
    const stream = new Stream(everyNight)
    expect(await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')).toEqual([
      'weekly-Fedora-44-20260714.n.0',
    ])
    expect(await stream.hears(nightly('44', '20260715'), '2026-07-15T09:00:00Z')).toEqual([
      'nightly-Fedora-44-20260715.n.0',
    ])
    expect(await stream.hears(nightly('44', '20260715', 1), '2026-07-15T19:00:00Z')).toEqual([
      'nightly-Fedora-44-20260715.n.1',
      'nightly-Fedora-44-20260715.n.1 instead of nightly-Fedora-44-20260715.n.0',
    ])
    expect(stream.reaches('2026-07-20T06:00:00Z')).toEqual(['weekly-Fedora-44-20260715.n.1'])
  })
})

it('of the kinds that the policy names, images may be preempted', async () => {
  for (const [policy, expected] of [
    [everyNight, [undefined, true]],
    [{ ...everyNight, preemptible: [] }, [undefined, undefined]],
  ] as const) {
    const stream = new Stream({ ...policy, preemptible: [...policy.preemptible] })
    const found: (boolean | undefined)[] = []
    for (const day of ['14', '15']) {
      await stream.hears(nightly('44', `202607${day}`), `2026-07-${day}T09:00:00Z`)
      const body = stream.last.events[0]?.body
      found.push(body && 'images' in body ? body.images[0]?.preemptible : undefined)
    }
    expect(found).toEqual(expected)
  }
})
