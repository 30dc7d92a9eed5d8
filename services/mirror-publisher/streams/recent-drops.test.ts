import { expect, it } from 'vitest'
import type { DropKind } from '#events/vocabulary.ts'
import { candidate, weekly } from '../testing/drops.ts'
import { noteOpen, noteStaged } from './note-drop.ts'
import { recentDrops } from './recent-drops.ts'
import { emptyStream } from './stream-document.ts'

const at = '2018-05-01T00:00:00.000Z'

function dropOf(day: number, kind: DropKind = 'weekly') {
  const { compose, ...drop } = kind === 'milestone' ? candidate(1, []) : weekly(day, [])
  const date = `2018${String(1001 + day)}`
  return { ...drop, drop: `${kind}-${date}`, kind, compose: { ...compose, id: `${kind}-${date}`, date } }
}

it('lists the newest thirty open drops of each kind, and none that is closed', () => {
  let document = emptyStream('Fedora-Rawhide')
  for (let day = 0; day < 40; day += 1) {
    for (const kind of ['weekly', 'nightly'] as const) {
      const told = dropOf(day, kind)
      document = noteOpen(document, { told, by: 'policy', path: `alt/${told.drop}`, files: [] }, at)
    }
  }
  const milestone = dropOf(0, 'milestone')
  document = noteOpen(document, { told: milestone, by: 'dgilmore', path: 'releases/test/19-Beta', files: [] }, at)
  document = noteStaged(document, dropOf(41), at)
  const recent = recentDrops(document)
  expect(recent).toHaveLength(61)
  expect(recent).toContain(document.drops.find(({ kind }) => kind === 'milestone'))
  const weeklies = recent.filter(({ kind }) => kind === 'weekly').map(({ drop }) => drop)
  expect(weeklies).toEqual(Array.from({ length: 30 }, (_, index) => dropOf(39 - index).drop))
})
