import type { OpenPlace, PlaceDeclaration, Step } from '#publishing/testing/contract-place.ts'
import { followWaits } from '#publishing/testing/follow-waits.ts'
import type { FakeTemplate } from '#test/fakes/cloudstack/world.ts'
import { marked } from '../register/mark.ts'
import { setUp, type Bench } from './bench.ts'
import { expired, handle, mirrored, registrationsIn, superseded } from './events.ts'

/** A fake CloudStack of two zones, each with an address of its own. */
export const contractPlace: PlaceDeclaration = {
  start: () =>
    Promise.resolve({
      atOnce: 4,
      stride: 1,
      open: async () => placeOf(await setUp()),
      async [Symbol.asyncDispose]() {},
    }),
}

function placeOf(bench: Bench): OpenPlace {
  const { world } = bench.cloud
  const isOurs = ({ account, displaytext }: Pick<FakeTemplate, 'account' | 'displaytext'>) =>
    account === bench.account.name && marked({ displaytext }) !== null
  return {
    steps: ['publish'],
    endings: ['supersede', 'expire'],
    isChange: ({ body }) => !/(^|&)command=(list|query)/.test(body.toString('utf8')),
    async publisher(via, options = {}) {
      const { two = false, clockAhead = 0, impatient = false } = options
      world.clock = () => new Date(Date.now() - clockAhead)
      const configFile = await bench.writeIni({
        one: await via(bench.cloud.endpoint),
        ...(two ? { two: await via(bench.cloud.endpoint, () => 'second') } : {}),
      })
      const clouds = bench.publisher({
        IMAGEDROP_CLOUDSTACK_PUBLISHER_CONFIG_FILE: configFile,
        ...(two ? { IMAGEDROP_CLOUDSTACK_PUBLISHER_CLOUDS: 'one/zone-1, two/zone-2' } : {}),
        ...(impatient ? { IMAGEDROP_CLOUDSTACK_PUBLISHER_SILENCE_SECONDS: '1' } : {}),
      })
      return async (step, _, signal) =>
        registrationsIn(
          await followWaits((woken) => handle(bench, eventOf(step, bench), { ...woken, clouds, signal }), options),
        )
    },
    inventory: () =>
      Promise.resolve({
        ours: world.templates.filter(isOurs).map(({ id, ispublic: isPublic, isready: isWhole }) => {
          return { id, isPublic, isWhole }
        }),
        leftovers: [],
        others: world.templates.filter((one) => !isOurs(one)).map((one) => ({ ...one })),
      }),
    async occupy() {
      const stranger = bench.cloud.addAccount('stranger')
      const publish = await this.publisher((address) => Promise.resolve(address))
      await publish('publish', [], new AbortController().signal)
      const [ours] = world.templates.splice(0)
      if (ours === undefined) throw new Error('nothing was published')
      world.templates.push({ ...ours, id: 'by-hand', displaytext: 'made by hand' })
      world.templates.push({ ...ours, id: 'theirs', account: stranger.name })
    },
    removeOurs() {
      for (const one of world.templates.filter(isOurs)) world.templates.splice(world.templates.indexOf(one), 1)
      return Promise.resolve()
    },
    refusals: {
      'the account is closed': () => {
        const account = world.accounts.splice(world.accounts.indexOf(bench.account), 1)
        return Promise.resolve(() => Promise.resolve(void world.accounts.push(...account)))
      },
      'it may make nothing public any more': () => {
        world.publicTemplates = false
        return Promise.resolve(() => Promise.resolve(void (world.publicTemplates = true)))
      },
    },
    audits: {
      image: 'generic.x86_64',
      async audit(drops, how) {
        const context = { signal: AbortSignal.timeout(60_000), progress: () => {} }
        return await bench.dependencies.clouds.audit(drops, context, how)
      },
      hear: (hour, audit) =>
        handle({ ...bench, dependencies: { ...bench.dependencies, ...(audit ? { audit } : {}) } }, hour),
      close() {
        for (const one of world.templates.filter(isOurs)) one.ispublic = false
        return Promise.resolve()
      },
    },
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  }
}

function eventOf(step: Step, bench: Bench) {
  if (step === 'supersede') return superseded()
  return step === 'expire' ? expired() : mirrored(bench)
}
