import { expect, it } from 'vitest'
import { exampleDrop as drop, exampleRegistration } from '#events/examples.ts'
import type { ClaimedDrop } from '#service/audit.ts'
import { auditPlaces } from './audit-places.ts'

const setting = 'IMAGEDROP_SOME_PUBLISHER_CLOUDS'
const signal = new AbortController().signal
const away = () => Promise.reject(new Error('the network is down'))
const seen = (place: string) => () => Promise.resolve({ places: [{ place, looked: 3 }], findings: [] })

/** A drop with an image in each of these places. */
function dropIn(state: ClaimedDrop['state'], ...places: string[]): ClaimedDrop {
  const one = { ...exampleRegistration, image: 'generic.x86_64', isPublic: true }
  return { drop, state, isUnderway: false, registrations: places.map((place) => ({ ...one, place })) }
}

it('says which place cannot be looked at, and which public drops are in that the settings do not name, and looks at the others', async () => {
  const places = [
    { place: 'one', look: away },
    { place: 'two', look: seen('two') },
  ]
  const drops = [dropIn('public', 'two', 'three'), dropIn('public', 'three'), dropIn('ended', 'four')]
  const report = await auditPlaces(places, { drops, setting, signal })
  expect(report.places).toEqual([{ place: 'two', looked: 3 }])
  expect(report.findings).toMatchObject([
    { kind: 'unseen', place: 'one', id: null, what: 'the network is down', repair: null },
    { kind: 'unseen', place: 'three', what: `three has images of drops, and ${setting} does not name it any more` },
  ])
})

it('gives nothing of an audit that was told to stop', async () => {
  const given = { drops: [], setting, signal: AbortSignal.abort(new Error('stopped')) }
  await expect(auditPlaces([{ place: 'one', look: away }], given)).rejects.toThrow('stopped')
})
