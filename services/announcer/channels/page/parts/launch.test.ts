import { expect, it } from 'vitest'
import type { StoryRegistration } from '../../../story/story.ts'
import { launchTables } from './launch.ts'

const here: StoryRegistration = {
  place: 'prod-1',
  id: 'set-1',
  name: 'a version',
  emulated: false,
  state: null,
  trouble: null,
}
const at = { site: { launchAddressOf: () => 'https://example.org/launch' } }

function tableOf(registration: StoryRegistration): string {
  const targets = [{ name: 'shop', title: 'Shop', registrations: [registration], missing: [] }]
  return launchTables({ key: 'ec2.x86_64', targets }, at)
    .map(({ markup }) => markup)
    .join('')
}

it('has a button where an image can be started, and how it stands where it is under way', () => {
  expect(tableOf(here)).toContain('href="https://example.org/launch"')
  const underWay = tableOf({ ...here, state: 'in review' })
  expect(underWay).toContain('>in review<')
  expect(underWay).not.toContain('href=')
  expect(tableOf({ ...here, state: 'live', emulated: true })).toContain('>live, emulated<')
  const troubled = tableOf({ ...here, trouble: 'not public since 1 May 2018' })
  expect(troubled).toContain('>not public since 1 May 2018<')
  expect(troubled).not.toContain('href=')
})
