import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { house } from '#test/support/house.ts'
import { candidate, nightly } from '../compose/testing/example-messages.ts'
import { parsePolicy } from '../policy/read-policy.ts'
import { Stream } from './testing/told-stream.ts'

describe('a milestone drop', () => {
  const now = '2026-09-15T09:00:00Z'

  it('is made of each candidate at once, and waits for a person', async () => {
    const stream = new Stream()
    expect(await stream.hears(candidate('45', 'Beta-1.1', '20260901'), now)).toEqual(['milestone-Fedora-45-20260901.0'])
    expect(stream.last.events[0]?.body).toMatchObject({ milestone: 'Beta', gate: 'person', supersedes: null })
  })

  it('is replaced by a respin of its label, by a later compose of the same label, and not by another number', async () => {
    const stream = new Stream()
    await stream.hears(candidate('45', 'Beta-1.1', '20260901'), now)
    expect(await stream.hears(candidate('45', 'Beta-1.2', '20260903'), now)).toEqual([
      'milestone-Fedora-45-20260903.0',
      'milestone-Fedora-45-20260903.0 instead of milestone-Fedora-45-20260901.0',
    ])
    expect(await stream.hears(candidate('45', 'Beta-1.2', '20260903', 1), now)).toEqual([
      'milestone-Fedora-45-20260903.1',
      'milestone-Fedora-45-20260903.1 instead of milestone-Fedora-45-20260903.0',
    ])
    expect(await stream.hears(candidate('45', 'Beta-2.1', '20260905'), now)).toEqual(['milestone-Fedora-45-20260905.0'])
    expect(await stream.hears(candidate('45', 'RC-1.1', '20261001'), now)).toEqual(['milestone-Fedora-45-20261001.0'])
  })

  it('has a target that takes Finals alone only as a Final', async () => {
    const path = fileURLToPath(new URL('../../../deploy/drops.yaml', import.meta.url))
    const text = readFileSync(path, 'utf8').replace('ec2: [mirror, ec2]', 'ec2: [mirror, ec2, marketplace]')
    const stream = new Stream(parsePolicy(text, 'drops.yaml', house))
    const targets = async (label: string, date: string) => {
      await stream.hears(candidate('45', label, date), '2026-09-07T09:00:00Z')
      const plan = stream.last.events.find((event) => event.subject === 'drop.scheduled.v1')?.body
      return [plan?.images.at(-1)?.targets, plan?.publishers.map(({ target, after }) => `${target} ${after}`)]
    }
    expect(await targets('Beta-1.1', '20260901')).toEqual([['mirror', 'ec2'], ['ec2 tests']])
    expect(await targets('RC-1.1', '20260905')).toEqual([
      ['mirror', 'ec2', 'marketplace'],
      ['ec2 tests', 'marketplace publication'],
    ])
  })

  it('is not made of an older candidate that arrives late, nor twice of one', async () => {
    const stream = new Stream()
    await stream.hears(candidate('45', 'RC-1.3', '20261003'), now)
    expect(await stream.hears(candidate('45', 'RC-1.2', '20261002'), now)).toEqual([])
    expect(stream.last.ignored).toContain('is older than Fedora-45-20261003.0')
    expect(await stream.hears(candidate('45', 'RC-1.2', '20261004'), now)).toEqual([])
    expect(await stream.hears(candidate('45', 'RC-1.3', '20261003'), now)).toEqual([])
    expect(stream.last.ignored).toContain('already has the drop milestone-Fedora-45-20261003.0')
  })

  it('stands beside the weekly drop of its stream', async () => {
    const stream = new Stream()
    await stream.hears(candidate('45', 'Beta-1.1', '20260901'), now)
    expect(await stream.hears(nightly('45', '20260901'), now)).toEqual(['weekly-Fedora-45-20260901.n.0'])
  })
})
