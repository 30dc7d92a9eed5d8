import { describe, expect, it } from 'vitest'
import { composeStatusChanged } from '#events/compose.ts'
import { dropBlessed } from '#events/drop-blessed.ts'
import { say, type EventDefinition } from '#events/define.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { imageTested } from '#events/image-tested.ts'
import { blessingRequested, operatorRequests, supersessionRequested } from '#events/operator.ts'
import { house } from '#test/support/house.ts'
import { createTrust, ownAccounts, Untrusted, type Accounts, type TrustPolicy } from './trust.ts'

const policy: TrustPolicy = {
  operators: { bus: ['imagedrop-operator*', 'dgilmore'], ledger: ['*'] },
  messages: { 'pungi.compose.status.change': ['pungi'] },
}

function received<Body>(definition: EventDefinition<string, Body>, sender: string | null, body?: Body): Envelope {
  return { ...seal(say(definition, body ?? definition.example), { now: new Date() }), sender }
}

const services = await house.definitions()

/** As the scheduler of a team is told: accounts of their own, a broker that vouches for each sender. */
function trust({
  account = 'imagedrop-scheduler',
  accounts = {},
  rules = policy,
}: { account?: string | null; accounts?: Partial<Accounts>; rules?: TrustPolicy | null } = {}) {
  return createTrust({ account, accounts: { ...ownAccounts, ...accounts }, policy: rules, services })
}

describe('what a service says', () => {
  it('is believed from its own account', () => {
    const event = received(imageTested, 'imagedrop-boot-tester')
    expect(trust()(event, 'bus')).toBe(event)
  })

  it.each(['imagedrop-builder', 'imagedrop-scheduler', 'imagedrop-operator', 'dgilmore', 'imagedrop-', 'nobody', null])(
    'is not believed from %s',
    (sender) => {
      expect(() => trust()(received(imageTested, sender), 'bus')).toThrow(Untrusted)
      expect(() => trust()(received(imageTested, sender), 'bus')).toThrow(
        /^image\.tested\.v1: .* no service that says this/,
      )
    },
  )

  it('is believed of an account that is known to speak for it', () => {
    const shared = new Map(
      Object.entries({ worker: ['builder', 'boot-tester'], bridge: ['*'], mirror: ['mirror-publisher'] }),
    )
    const admit = trust({ accounts: { shared } })
    for (const sender of ['worker', 'bridge'])
      expect(admit(received(imageTested, sender), 'bus')).toMatchObject({ sender })
    expect(() => admit(received(imageTested, 'mirror'), 'bus')).toThrow(Untrusted)
  })

  it('is believed of our own account, where one account is everybody', () => {
    expect(trust({ account: 'imagedrop' })(received(imageTested, 'imagedrop'), 'bus')).toBeDefined()
    expect(() => trust({ account: 'imagedrop' })(received(imageTested, 'guest'), 'bus')).toThrow(Untrusted)
    // An account of one service is not everybody.
    expect(() => trust({ account: 'imagedrop-builder' })(received(imageTested, 'imagedrop-builder'), 'bus')).toThrow(
      Untrusted,
    )
  })

  it('is believed where the broker names no senders and keeps its subjects for it', () => {
    const event = received(imageTested, null)
    expect(trust({ account: null })(event, 'bus')).toBe(event)
  })

  it('is believed without a sender while processes of the version before run, if so told; a request never', () => {
    const admit = trust({ accounts: { unsigned: true } })
    expect(admit(received(dropBlessed, null), 'bus')).toBeDefined()
    for (const request of operatorRequests) {
      expect(() => admit(received(request as EventDefinition, null), 'bus')).toThrow(Untrusted)
    }
  })

  it("is no operator's to say in the ledger", () => {
    expect(() => trust()(received(dropBlessed, 'dgilmore'), 'ledger')).toThrow(Untrusted)
  })
})

describe('what a person asks', () => {
  it.each(['imagedrop-operator', 'imagedrop-operator-eu', 'dgilmore'])('is taken from %s, in their name', (sender) => {
    const event = received(blessingRequested, sender, { drop: 'weekly-x', by: 'somebody else' })
    expect(trust()(event, 'bus')).toEqual({ ...event, body: { drop: 'weekly-x', by: sender } })
  })

  it.each(['imagedrop-scheduler', 'imagedrop-builder', 'jane', 'dgilmore2', null])('is not taken from %s', (sender) => {
    for (const account of ['imagedrop-scheduler', null]) {
      for (const request of [blessingRequested, supersessionRequested].slice(
        0,
        sender === 'imagedrop-scheduler' ? 1 : 2,
      )) {
        if (account === null && sender === null && request === supersessionRequested) continue
        expect(() => trust({ account })(received(request, sender), 'bus')).toThrow(/who is no operator|nobody vouches/)
      }
    }
  })

  it('is not taken from a service, whatever the policy says', () => {
    const rules = { ...policy, operators: { bus: ['*'], ledger: ['*'] } }
    expect(() => trust({ rules })(received(blessingRequested, 'imagedrop-builder'), 'bus')).toThrow(Untrusted)
    expect(trust({ rules })(received(blessingRequested, 'jane'), 'bus')).toMatchObject({ body: { by: 'jane' } })
  })

  it('is taken from whoever can write it to the ledger, and from nobody on the bus, where there is no policy', () => {
    expect(trust({ rules: null })(received(blessingRequested, 'jane'), 'ledger')).toMatchObject({
      body: { by: 'jane' },
    })
    expect(() => trust({ rules: null })(received(blessingRequested, 'imagedrop-operator'), 'bus')).toThrow(Untrusted)
  })

  it("may be the scheduler's own word: a respin replaces a drop, in its own name", () => {
    const body = { drop: 'weekly-x', by: 'weekly-y' }
    const event = received(supersessionRequested, 'imagedrop-scheduler', body)
    expect(trust()(event, 'bus')).toMatchObject({ body })
    const pretended = received(supersessionRequested, 'dgilmore', body)
    expect(trust()(pretended, 'bus')).toMatchObject({ body: { by: 'dgilmore' } })
  })
})

describe('what others say of composes', () => {
  it('counts from whom the policy names', () => {
    expect(trust()(received(composeStatusChanged, 'pungi'), 'bus')).toBeDefined()
    for (const sender of ['somebody', null]) {
      expect(() => trust()(received(composeStatusChanged, sender), 'bus')).toThrow(
        /who is not trusted with it|nobody vouches/,
      )
    }
  })

  it('counts from everybody where the policy names nobody', () => {
    const rules = { ...policy, messages: {} }
    expect(trust({ rules })(received(composeStatusChanged, null), 'bus')).toBeDefined()
  })
})
