import { expect, it } from 'vitest'
import { dropMirrored } from '#events/drop-mirrored.ts'
import type { ClaimedDrop } from '#service/audit.ts'
import { audit } from '../audit.ts'
import { setUp, type Bench } from '../testing/bench.ts'
import { handleToTheEnd, mirrored, registrationsIn } from '../testing/events.ts'

const { drop } = dropMirrored.example
const image = 'generic.x86_64'
const here = { IMAGEDROP_CLOUDSTACK_PUBLISHER_CLOUDS: 'one/zone-1' }
const featured = { IMAGEDROP_CLOUDSTACK_PUBLISHER_CLOUDS: 'one/zone-1=featured' }

/** A drop that is open, as the ledger knows it; its template, and the id of that. */
async function publish(bench: Bench, settings: Readonly<Record<string, string>> = here) {
  const registrations = registrationsIn(await handleToTheEnd(bench, mirrored(bench), bench.publisher(settings)))
  const claimed = registrations.map((one) => ({ ...one, image, isPublic: true }))
  const claim: ClaimedDrop = { drop, state: 'public', isUnderway: false, registrations: claimed }
  const [template] = bench.cloud.world.templates
  if (template === undefined) throw new Error('nothing was published')
  return { claim, template, id: template.id }
}

/** As `imagedrop audit cloudstack` does it. */
async function run(bench: Bench, drops: readonly ClaimedDrop[], repair = false, settings = here) {
  const env = {
    IMAGEDROP_CLOUDSTACK_PUBLISHER_CONFIG_FILE: bench.configFile,
    IMAGEDROP_CLOUDSTACK_PUBLISHER_POLL_SECONDS: '0.05',
    IMAGEDROP_CLOUDSTACK_PUBLISHER_PATIENCE_SECONDS: '0.5',
    ...settings,
  }
  return (await audit.run({ drops, repair, env, signal: AbortSignal.timeout(60_000) })).findings
}

it('holds a template to what its zone is set to, and features it again; one that is more open is no finding', async () => {
  await using bench = await setUp({ admin: true })
  const { claim, template, id } = await publish(bench, featured)
  expect(await run(bench, [claim], false, featured)).toEqual([])
  expect(await run(bench, [claim])).toEqual([])
  template.isfeatured = false
  const about = { kind: 'private', place: 'one/zone-1', id, drop, image, expected: 'featured', found: 'public' }
  const finding = { ...about, what: `${id} (${template.name}) is public, not featured`, repair: 'it is made featured' }
  expect(await run(bench, [claim], false, featured)).toEqual([{ ...finding, repaired: false }])
  expect(await run(bench, [claim], true, featured)).toEqual([{ ...finding, repaired: true }])
  expect(template).toMatchObject({ ispublic: true, isfeatured: true })
})

it('takes a template that is featured and not public for one that nobody sees', async () => {
  await using bench = await setUp({ admin: true })
  const { claim, template } = await publish(bench, featured)
  template.ispublic = false
  expect(await run(bench, [claim], true, featured)).toMatchObject([{ found: 'private', repaired: true }])
  expect(template).toMatchObject({ ispublic: true, isfeatured: true })
})

it('says what it could not mend, as where the account may feature nothing', async () => {
  await using bench = await setUp()
  const { claim, id } = await publish(bench)
  expect(await run(bench, [claim], true, featured)).toMatchObject([
    { id, found: 'public', repaired: false, what: expect.stringMatching(/could not be mended: one\/zone-1/) as string },
  ])
})

it('says that a template is not ready, in the words of the cloud, and registers none in its place', async () => {
  await using bench = await setUp()
  const { claim, template, id } = await publish(bench)
  Object.assign(template, { isready: false, status: 'Storage was lost' })
  expect(await run(bench, [claim], true)).toMatchObject([
    { kind: 'unavailable', id, found: 'not ready: Storage was lost', repair: null, repaired: false },
  ])
  expect(bench.cloud.world.templates.map((one) => one.id)).toEqual([id])
})

it('takes one whose mark a person has changed for gone, and leaves it alone from then on', async () => {
  await using bench = await setUp()
  const { claim, template, id } = await publish(bench)
  const { templates } = bench.cloud.world
  templates.splice(0, 1, { ...template, displaytext: 'ours now' })
  expect(await run(bench, [claim], true)).toMatchObject([
    { kind: 'gone', id, what: expect.stringMatching(/or not marked as of its drop/) as string, repaired: false },
  ])
  expect(await run(bench, [{ ...claim, state: 'ended' }], true)).toEqual([])
  expect(templates).toHaveLength(1)
  templates.splice(0, 1, { ...template, displaytext: template.displaytext.replace(drop, 'nightly-another') })
  expect(await run(bench, [claim], true)).toMatchObject([
    { kind: 'gone', id, drop },
    { kind: 'unknown', id, drop: 'nightly-another', repaired: false },
  ])
})

it('removes what two processes registered at once, and not what a person has copied into another zone', async () => {
  await using bench = await setUp()
  const { claim, template, id } = await publish(bench)
  const { templates, zones } = bench.cloud.world
  const other = zones.find(({ name }) => name === 'zone-2')?.id ?? ''
  templates.push({ ...template, id: 'the-same-again' }, { ...template, zoneid: other })
  const both = { IMAGEDROP_CLOUDSTACK_PUBLISHER_CLOUDS: 'one/zone-1, one/zone-2' }
  expect(await run(bench, [claim], true, both)).toMatchObject([
    { kind: 'unclaimed', id: 'the-same-again', repaired: true },
  ])
  expect(templates.map((one) => one.id)).toEqual([id, id])
})

it('says which zone cannot be looked at, and looks at the others', async () => {
  await using bench = await setUp()
  const { claim, template, id } = await publish(bench)
  template.ispublic = false
  const zones = { IMAGEDROP_CLOUDSTACK_PUBLISHER_CLOUDS: 'one/zone-9, one/zone-1' }
  expect(await run(bench, [claim], false, zones)).toMatchObject([
    { kind: 'unseen', place: 'one/zone-9', what: 'one has no zone zone-9; it has zone-1, zone-2' },
    { kind: 'private', place: 'one/zone-1', id },
  ])
  const nothing = { IMAGEDROP_CLOUDSTACK_PUBLISHER_CLOUDS: '' }
  expect(await run(bench, [claim], true, nothing)).toMatchObject([{ kind: 'unseen', place: 'one/zone-1' }])
})
