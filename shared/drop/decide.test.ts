import { describe, expect, it } from 'vitest'
import { exampleEarlier } from '#events/examples.ts'
import { decide, type DropDecision } from './decide.ts'
import type { DropEvent, DropSaid } from './events.ts'
import { outcomeOf } from './image.ts'
import { phaseOf } from './phase.ts'
import { readDropState, unknownDrop, unknownImage } from './state.ts'
import {
  announced,
  asks,
  built,
  compared,
  converted,
  drop,
  dropFailed,
  ec2,
  expiryReached,
  generic,
  imageFailed,
  imagePublished,
  missingIn,
  mirrored,
  passes,
  plan,
  publishers,
  scheduled,
  staged,
  tell,
  tested,
  uploaded,
} from './testing/drop-events.ts'

interface Story extends DropDecision {
  readonly phase: string
}

/** Tells a drop some events, each with the state as the ledger would give it back. */
function given(...events: DropEvent[]): DropDecision {
  return events.reduce<DropDecision>(
    (done, event) => {
      const { state, events, ignored } = decide(readDropState(JSON.parse(JSON.stringify(done.state))), event)
      return { state, events: [...done.events, ...events], ignored }
    },
    { state: unknownDrop, events: [], ignored: null },
  )
}

/** What the last of these events brings after the others. */
function when(past: DropEvent[], event: DropEvent): Story {
  const decision = decide(given(...past).state, event)
  return { ...decision, phase: phaseOf(decision.state) }
}

function find(events: readonly DropSaid[], subject: DropSaid['subject']): DropSaid['body'] | undefined {
  return events.find((event) => event.subject === subject)?.body
}

const milestone = scheduled({ kind: 'milestone', milestone: 'Beta', gate: 'person' })
const both = [...passes(generic), ...passes(ec2)]
const untilStaged = [scheduled(), ...both, staged(generic, ec2)]
const untilPublished = [...untilStaged, imagePublished(ec2), mirrored(generic, ec2)]

describe('a scratch drop that goes well', () => {
  it('requests each image of its plan once', () => {
    expect(given(scheduled()).events.map(tell)).toEqual([
      'image.requested generic.x86_64',
      'image.requested ec2.x86_64',
    ])
    expect(when([scheduled()], scheduled()).events).toEqual([])
  })

  it('says each thing once, in the order of the pipeline', () => {
    const story = given(...untilPublished, announced())
    expect(story.events.map(tell)).toEqual([
      'image.requested generic.x86_64',
      'image.requested ec2.x86_64',
      'drop.ready',
      'drop.blessed',
      'drop.published',
    ])
    expect(phaseOf(story.state)).toBe('announced')
  })

  it.each([
    ['building', [scheduled(), ...passes(generic), built(ec2)]],
    ['ready', [scheduled(), ...both]],
    ['blessed', untilStaged],
    ['published', untilPublished],
  ])('is %s in turn', (phase, events) => {
    expect(phaseOf(given(...events).state)).toBe(phase)
  })

  it('is ready with all that is known of its images', () => {
    expect(find(given(scheduled(), ...both).events, 'drop.ready.v1')).toMatchObject({
      drop,
      complete: true,
      gate: 'policy',
      images: [
        {
          image: generic,
          outcome: 'passed',
          artifacts: [{ format: 'raw.xz' }],
          packages: { format: 'json' },
          registrations: [],
        },
        { image: ec2, outcome: 'passed', checks: [{ name: 'ssh' }], registrations: [{ target: 'ec2' }], failure: null },
      ],
    })
  })

  it('tells what shows how each image was made and tested, and by which key its tree is signed', () => {
    const recipe = 'a'.repeat(64)
    const build = built(generic)
    if (build.subject !== 'image.built.v1') throw new Error('it was built')
    const test = tested(generic)
    if (test.subject !== 'image.tested.v1') throw new Error('it was tested')
    const description = { ...build.body.log, format: 'txt' }
    const told = { ...build, body: { ...build.body, recipe, description } }
    const opened = mirrored(generic)
    if (opened.subject !== 'drop.mirrored.v1') throw new Error('it was opened')
    const signature = { fingerprint: 'A'.repeat(40), key: 'GPG-KEY-AAAAAAAAAAAAAAAA.asc' }
    const signed = { ...opened, body: { ...opened.body, signature } }
    const { events } = given(scheduled({ images: [generic] }), told, converted(generic), test, staged(generic), signed)
    const { disk } = build.body
    const { console, screenshot, accelerator } = test.body
    const seen = { console, screenshot, accelerator }
    const evidence = { disk, recipe, description, builtAt: told.time, testedAt: test.time, ...seen }
    expect(find(events, 'drop.ready.v1')).toMatchObject({ images: [{ evidence }] })
    expect(find(events, 'drop.published.v1')).toMatchObject({ images: [{ evidence }], signature })
  })

  it('waits for the upload of an image that goes to EC2, and for no other', () => {
    const past = [scheduled(), ...passes(generic), built(ec2), tested(ec2), converted(ec2)]
    expect(given(...past).events.map(tell)).not.toContain('drop.ready')
    expect(when(past, uploaded(ec2)).events.map(tell)).toEqual(['drop.ready'])
  })

  it('goes on without an image in a place that its publisher does not wait for, and tells what is missing now', () => {
    const past = [scheduled({ images: [ec2] }), built(ec2), tested(ec2), converted(ec2)]
    const ready = [...past, missingIn(uploaded(ec2), 'far-1', 'far-2')]
    const missing = [{ place: 'far-1' }, { place: 'far-2' }]
    expect(find(given(...ready).events, 'drop.ready.v1')).toMatchObject({ images: [{ missing }] })
    const open = [...ready, staged(ec2), mirrored(ec2)]
    const told = (word: DropEvent) => find(given(...open, word).events, 'drop.published.v1')
    expect(told(missingIn(imagePublished(ec2), 'far-2'))).toMatchObject({ images: [{ missing: [{ place: 'far-2' }] }] })
    expect(told(imagePublished(ec2))).toMatchObject({ images: [expect.not.objectContaining({ missing })] })
  })

  describe('with an image for two more targets, one of which takes it from the mirror', () => {
    const moon = { ...ec2, targets: ['mirror', 'ec2', 'moon'] }
    const ready = [scheduled({ images: [moon] }), ...passes(moon)]
    const open = [...ready, staged(moon), mirrored(moon)]

    it('is ready without that which comes after the mirror', () => {
      expect(given(...ready).events.map(tell)).toEqual(['image.requested ec2.x86_64', 'drop.ready'])
    })

    it('is published when it is public in both, whichever is last', () => {
      expect(when([...open, imagePublished(moon)], imagePublished(moon, 'moon')).phase).toBe('published')
      expect(when([...open, imagePublished(moon, 'moon')], imagePublished(moon)).phase).toBe('published')
      expect(when([...open, imagePublished(moon)], imagePublished(moon)).phase).toBe('blessed')
    })

    it('says where it is registered in each', () => {
      const told = find(given(...open, imagePublished(moon), imagePublished(moon, 'moon')).events, 'drop.published.v1')
      expect(told).toMatchObject({ images: [{ registrations: [{ target: 'ec2' }, { target: 'moon' }] }] })
    })

    it('fails when one of them cannot publish it, and goes on when that is mended', () => {
      const broken = [...open, imagePublished(moon), imageFailed(moon, 'moon-publisher')]
      expect(phaseOf(given(...broken).state)).toBe('failed')
      expect(when([...broken, asks('retry')], imagePublished(moon, 'moon')).phase).toBe('published')
    })
  })

  describe('with an image for a target that comes after the publication', () => {
    const late = { ...ec2, targets: ['mirror', 'ec2', 'shop'] }
    const shop = { target: 'shop', service: 'shop-publisher', after: 'publication' as const }
    const open = [
      scheduled({ images: [late], publishers: [...publishers, shop] }),
      ...passes(late),
      staged(late),
      mirrored(late),
      imagePublished(late),
    ]

    it('is published without it, and learns later where it is', () => {
      const { state, events } = given(...open)
      expect([phaseOf(state), find(events, 'drop.published.v1')]).toMatchObject(['published', { images: [{}] }])
      const told = given(...open, imagePublished(late, 'shop')).state.images['ec2.x86_64']
      expect(Object.keys(told?.published ?? {})).toEqual(['ec2', 'shop'])
    })

    it('is no worse for its failure: the image has passed', () => {
      const state = given(...open, imageFailed(late, 'shop-publisher')).state
      expect(phaseOf(state)).toBe('published')
      expect(outcomeOf(late, state.images['ec2.x86_64'] ?? unknownImage, [...publishers, shop])).toBe('passed')
      expect(state.images['ec2.x86_64']?.failures).toHaveProperty('shop-publisher')
    })
  })

  it('is blessed by the policy when it is staged', () => {
    expect(find(given(...untilStaged).events, 'drop.blessed.v1')).toMatchObject({ by: 'policy', images: [{}, {}] })
  })

  it('is published when it is open on the mirrors and public in EC2, whichever is last', () => {
    expect(when([...untilStaged, mirrored(generic, ec2)], imagePublished(ec2)).phase).toBe('published')
    expect(when([...untilStaged, imagePublished(ec2)], mirrored(generic, ec2)).phase).toBe('published')
  })
})

describe('a milestone drop', () => {
  const waiting = [milestone, ...both, staged(generic, ec2)]

  it('waits for a person when it is staged', () => {
    expect(given(...waiting).events.map(tell)).not.toContain('drop.blessed')
    expect(phaseOf(given(...waiting).state)).toBe('staged')
    expect(find(when(waiting, asks('blessing')).events, 'drop.blessed.v1')).toMatchObject({ by: 'dgilmore' })
  })

  it('is blessed when it is staged, if the blessing came before', () => {
    const past = [milestone, asks('blessing'), ...both]
    expect(given(...past).events.map(tell)).not.toContain('drop.blessed')
    expect(find(when(past, staged(generic, ec2)).events, 'drop.blessed.v1')).toMatchObject({ by: 'dgilmore' })
  })

  it('is blessed once', () => {
    const again = when([...waiting, asks('blessing')], asks('blessing', 'another'))
    expect(again.events).toEqual([])
    expect(again.ignored).toContain('was blessed by dgilmore before')
  })
})

describe('an image that cannot go on', () => {
  it('leaves an incomplete drop, which waits for a person whatever its kind', () => {
    const past = [scheduled(), ...passes(generic), imageFailed(ec2, 'builder'), staged(generic)]
    expect(find(given(...past).events, 'drop.ready.v1')).toMatchObject({
      complete: false,
      gate: 'person',
      images: [{ outcome: 'passed' }, { outcome: 'failed', failure: { step: 'builder', reason: 'it broke' } }],
    })
    expect(given(...past).events.map(tell)).not.toContain('drop.blessed')
    expect(when(past, asks('blessing')).phase).toBe('blessed')
    expect(when([...past, asks('blessing')], mirrored(generic)).phase).toBe('published')
  })

  it('takes back a blessing that was given before that was known', () => {
    const past = [milestone, asks('blessing'), ...passes(generic), imageFailed(ec2, 'builder')]
    expect(when(past, staged(generic)).events).toEqual([])
    expect(when([...past, staged(generic)], asks('blessing')).phase).toBe('blessed')
  })

  it('may have failed its boot test', () => {
    const story = given(scheduled(), ...passes(generic), built(ec2), converted(ec2), tested(ec2, 'failed'))
    expect(find(story.events, 'drop.ready.v1')).toMatchObject({
      images: [
        {},
        {
          outcome: 'failed',
          failure: {
            step: 'boot-tester',
            class: 'verdict',
            reason: 'boot test failed: ssh: port 22',
            log: { format: 'log' },
          },
        },
      ],
    })
  })

  it('does not come back by the success of another step', () => {
    const past = [scheduled(), built(ec2), imageFailed(ec2, 'boot-tester'), converted(ec2), ...passes(generic)]
    expect(find(given(...past).events, 'drop.ready.v1')).toMatchObject({ complete: false })
  })

  it('has failed when its last word says so, in whatever order the words arrive', () => {
    const [wrong, right] = [imageFailed(ec2, 'converter'), converted(ec2)]
    const others = [scheduled(), ...passes(generic), built(ec2), tested(ec2), uploaded(ec2)]
    expect(given(...others, right, wrong).state.ready).toMatchObject({ complete: true })
    const [before, after] = [uploaded(ec2), imageFailed(ec2, 'ec2-publisher')]
    const rest = [scheduled(), ...passes(generic), built(ec2), tested(ec2), converted(ec2)]
    expect(given(...rest, after, before).state.ready).toMatchObject({ complete: false })
  })

  it('fails the drop when there is no other', () => {
    const past = [scheduled(), imageFailed(generic, 'builder')]
    const end = when(past, imageFailed(ec2, 'converter'))
    expect(end.phase).toBe('failed')
    expect(end.events).toMatchObject([
      {
        subject: 'drop.failed.v1',
        body: {
          failure: {
            step: 'scheduler',
            class: 'recipe',
            reason:
              'generic.x86_64 failed at builder (recipe): it broke; ec2.x86_64 failed at converter (recipe): it broke',
          },
        },
      },
    ])
    const over = [...past, imageFailed(ec2, 'converter')]
    expect(when(over, dropFailed('scheduler')).events).toEqual([])
    expect(when(over, imageFailed(ec2, 'boot-tester')).events).toEqual([])
  })

  it('that was never planned changes nothing', () => {
    const stranger = { ...generic, architecture: 'aarch64' as const }
    expect(when([scheduled()], built(stranger)).ignored).toContain('has no image generic.aarch64')
  })
})

describe('a retry', () => {
  const failed = [
    scheduled(),
    ...passes(generic),
    built(ec2),
    imageFailed(ec2, 'converter'),
    tested(ec2),
    uploaded(ec2),
  ]

  it('of an incomplete drop waits for the image and makes the drop ready again, complete', () => {
    const retried = given(...failed, staged(generic), asks('retry'))
    expect(phaseOf(retried.state)).toBe('building')
    const again = when([...failed, staged(generic), asks('retry')], converted(ec2))
    expect(again.events.map(tell)).toEqual(['drop.ready'])
    expect(find(again.events, 'drop.ready.v1')).toMatchObject({ complete: true, gate: 'policy' })
    expect(again.phase).toBe('ready')
  })

  it('does not let a tree of before go through as the new one', () => {
    const past = [...failed, asks('retry'), converted(ec2)]
    const stale = when(past, staged(generic))
    expect(stale.events).toEqual([])
    expect(stale.ignored).toContain('does not hold exactly the images that passed')
    expect(when([...past, staged(generic)], staged(generic, ec2)).phase).toBe('blessed')
  })

  it('of a drop without any image begins anew, and may fail anew', () => {
    const past = [scheduled(), imageFailed(generic, 'builder'), imageFailed(ec2, 'builder'), asks('retry')]
    expect(phaseOf(given(...past).state)).toBe('building')
    expect(when([...past, imageFailed(generic, 'builder')], imageFailed(ec2, 'builder')).events.map(tell)).toEqual([
      'drop.failed',
    ])
    expect(
      given(...past, ...[generic, ec2].flatMap(passes))
        .events.map(tell)
        .at(-1),
    ).toBe('drop.ready')
  })

  it('is not undone by a failure of before it that arrives late', () => {
    const late = imageFailed(ec2, 'converter')
    const past = [scheduled(), ...passes(generic), imageFailed(ec2, 'builder'), asks('retry')]
    expect(when(past, late).ignored).toContain('was retried since')
  })

  it('of a drop whose mirror failed waits for the mirror', () => {
    const past = [scheduled(), ...both, dropFailed('mirror-publisher')]
    expect(phaseOf(given(...past).state)).toBe('failed')
    expect(phaseOf(given(...past, asks('retry')).state)).toBe('ready')
    expect(when([...past, asks('retry')], staged(generic, ec2)).phase).toBe('blessed')
  })

  it('requests nothing a second time, for its services take up what they have', () => {
    const past = [scheduled(), asks('cancellation')]
    expect(when(past, asks('retry')).events).toEqual([])
    expect(when(past, asks('retry')).phase).toBe('building')
  })

  it('is ignored when nothing has failed', () => {
    expect(when([scheduled()], asks('retry')).ignored).toContain('is building; there is nothing to retry')
    expect(when([...untilPublished, announced()], asks('retry')).ignored).toContain('is announced')
  })
})

describe('a failure after the blessing', () => {
  const past = [...untilStaged, mirrored(generic, ec2)]

  it('of making an image public fails the drop, and a retry ends well', () => {
    const failure = when(past, imageFailed(ec2, 'ec2-publisher'))
    expect(failure.events).toMatchObject([
      {
        subject: 'drop.failed.v1',
        body: { failure: { reason: 'ec2.x86_64 failed at ec2-publisher (recipe): it broke' } },
      },
    ])
    expect(failure.phase).toBe('failed')
    const retried = [...past, imageFailed(ec2, 'ec2-publisher'), asks('retry')]
    expect(given(...retried).events.map(tell)).not.toContain('drop.published')
    expect(when(retried, imagePublished(ec2)).events.map(tell)).toEqual(['drop.published'])
  })

  it('is over when the image is public after all', () => {
    const told = [...past, imageFailed(ec2, 'ec2-publisher'), dropFailed('scheduler')]
    expect(when(told, imagePublished(ec2)).phase).toBe('published')
  })

  it('of the announcement is mended by the announcement', () => {
    const failed = [...untilPublished, dropFailed('announcer')]
    expect(phaseOf(given(...failed).state)).toBe('failed')
    expect(when(failed, announced()).phase).toBe('announced')
  })
})

describe('a cancellation', () => {
  it('is said once, and stops what would be said', () => {
    const past = [scheduled(), ...both, asks('cancellation')]
    expect(
      given(...past)
        .events.map(tell)
        .at(-1),
    ).toBe('drop.cancelled')
    expect(when(past, staged(generic, ec2)).events).toEqual([])
    expect(when(past, asks('cancellation')).ignored).toContain('is cancelled already')
    expect(when(past, asks('blessing')).ignored).toContain('is cancelled; retry it first')
  })

  it('forgets nothing of what arrives while it lasts', () => {
    const past = [scheduled(), ...passes(generic), asks('cancellation'), ...passes(ec2)]
    expect(when(past, asks('retry')).events.map(tell)).toEqual(['drop.ready'])
  })

  it('can be taken back and made again', () => {
    const past = [scheduled(), asks('cancellation'), asks('retry')]
    expect(when(past, asks('cancellation')).events.map(tell)).toEqual(['drop.cancelled'])
  })

  it('comes too late for a published drop', () => {
    expect(when(untilPublished, asks('cancellation')).ignored).toContain('is published; supersede it')
  })
})

describe('a supersession', () => {
  const respin = 'weekly-Debian-12-20260711.n.1'

  it('by a respin withdraws a drop that waits, with its images so far', () => {
    const end = when([milestone, ...passes(generic), built(ec2)], asks('supersession', respin))
    expect(find(end.events, 'drop.superseded.v1')).toMatchObject({
      by: respin,
      images: [
        { outcome: 'passed' },
        {
          outcome: 'failed',
          failure: { class: 'cancelled', reason: 'the drop was superseded before it was finished' },
        },
      ],
    })
  })

  it('by a respin leaves alone what is blessed or published', () => {
    expect(when(untilStaged, asks('supersession', respin)).ignored).toContain('is blessed; the respin')
    expect(when(untilPublished, asks('supersession', respin)).events).toEqual([])
  })

  it('by a person withdraws what is published, with its registrations', () => {
    const end = when([...untilPublished, announced()], asks('supersession'))
    expect(find(end.events, 'drop.superseded.v1')).toMatchObject({
      images: [{}, { registrations: [{ target: 'ec2' }] }],
    })
  })

  it('by a person carries the reason on', () => {
    const asked = asks('supersession')
    const reason = 'it accepts an empty password'
    const end = when([...untilPublished, announced()], { ...asked, body: { ...asked.body, reason } } as typeof asked)
    expect(find(end.events, 'drop.superseded.v1')).toMatchObject({ reason })
  })

  it.each([
    ['a blessing', asks('blessing')],
    ['a retry', asks('retry')],
    ['another supersession', asks('supersession')],
    ['a late success', built(ec2)],
    ['a late failure', imageFailed(ec2, 'builder')],
    ['a late tree', staged(generic, ec2)],
    ['the end of its days', expiryReached(false)],
  ])('is final: %s changes nothing', (_what, event) => {
    const past = [scheduled(), ...passes(generic), asks('supersession')]
    const after = when(past, event)
    expect(after.events).toEqual([])
    expect(after.state).toEqual(given(...past).state)
    expect(after.ignored).toContain('is superseded')
  })

  it('by a respin that overtakes the plan takes effect when the plan is known', () => {
    expect(given(asks('supersession', respin), scheduled()).events.map(tell).at(-1)).toBe('drop.superseded')
  })
})

describe('the end of its days', () => {
  it('withdraws a drop with its images', () => {
    const end = when([...untilPublished, announced()], expiryReached(false))
    expect(find(end.events, 'drop.expired.v1')).toMatchObject({ keptDays: 30, images: [{}, {}] })
    expect(end.phase).toBe('expired')
  })

  it('for what nobody blessed leaves alone what is blessed', () => {
    expect(when(untilStaged, expiryReached(true)).ignored).toContain('is blessed and kept longer')
    expect(when([milestone, ...both], expiryReached(true)).phase).toBe('expired')
  })
})

it.each(['blessing', 'cancellation', 'retry', 'supersession'] as const)(
  'a %s of a drop that nobody knows is ignored with the reason',
  (what) => {
    expect(when([], asks(what))).toMatchObject({ events: [], ignored: `there is no drop ${drop}` })
  },
)

it('an image that goes to EC2 alone is not looked for on the mirror', () => {
  const past = [scheduled({ images: [generic, { ...ec2, targets: ['ec2'] }] }), ...both]
  expect(when(past, staged(generic)).phase).toBe('blessed')
})

it('an image that is built a second time waits until its new disk is converted and tested', () => {
  const disk = { uri: 'artifact:second', sha256: 'f'.repeat(64), size: 1, format: 'raw' }
  const past = [scheduled(), ...passes(generic), built(ec2), converted(ec2), tested(ec2), built(ec2, disk)]
  expect(when(past, uploaded(ec2)).events).toEqual([])
  expect(when([...past, uploaded(ec2), converted(ec2, disk)], tested(ec2, 'passed', disk)).events.map(tell)).toEqual([
    'drop.ready',
  ])
})

it('the plan is kept as it was scheduled first', () => {
  expect(when([scheduled()], scheduled({ images: [generic] })).state.plan).toEqual(plan)
  expect(given(scheduled()).state.plan).toEqual(plan)
})

describe('a drop that is wanted only if something has changed', () => {
  const conditional = scheduled({ onlyIfChanged: { since: exampleEarlier } })
  const wanted = ['image.requested generic.x86_64', 'image.requested ec2.x86_64']

  it('is compared before anything of it is built, once', () => {
    const story = given(conditional, conditional)
    expect(story.events.map(tell)).toEqual(['drop.comparison.requested'])
    expect(story.events[0]?.body).toMatchObject({ drop, images: plan.images, since: exampleEarlier })
    expect(phaseOf(story.state)).toBe('building')
  })

  it('ends unchanged when nothing has changed, and says so once, in whatever order it hears of it', () => {
    for (const events of [
      [conditional, compared(), compared(), compared('ec2.x86_64')],
      [compared(), conditional, conditional],
    ]) {
      const story = given(...events)
      expect(story.events.map(tell)).toEqual(['drop.comparison.requested', 'drop.unchanged'])
      expect(find(story.events, 'drop.unchanged.v1')).toMatchObject({ drop, since: exampleEarlier.drop })
      expect(phaseOf(story.state)).toBe('unchanged')
    }
  })

  it('is built whole when one image would be made of something else, each with what it is made of', () => {
    const story = given(conditional, compared('ec2.x86_64'), compared())
    expect(story.events.map(tell)).toEqual(['drop.comparison.requested', ...wanted])
    expect(story.events.slice(1).map(({ body }) => body)).toMatchObject([{ wantsInputs: true }, { wantsInputs: true }])
  })

  it('is built at once when there is no earlier drop, each image with what it is made of', () => {
    const story = given(scheduled({ onlyIfChanged: { since: null } }))
    expect(story.events.map(tell)).toEqual(wanted)
    expect(story.events[0]?.body).toMatchObject({ wantsInputs: true })
    expect(given(scheduled()).events[0]?.body).not.toHaveProperty('wantsInputs')
  })

  it('is built after all when a person wants it; nothing else can be done to it', () => {
    const past = [conditional, compared()]
    expect(when(past, asks('retry')).events.map(tell)).toEqual(wanted)
    for (const event of [asks('blessing'), asks('cancellation'), asks('supersession'), expiryReached(false)]) {
      expect(when(past, event)).toMatchObject({
        events: [],
        phase: 'unchanged',
        ignored: `${drop} is unchanged; it can only be retried`,
      })
    }
  })

  it('fails when it cannot be compared, and is compared by a retry', () => {
    const past = [conditional, dropFailed('builder')]
    expect(phaseOf(given(...past).state)).toBe('failed')
    expect(when([...past, asks('retry')], compared())).toMatchObject({ phase: 'unchanged' })
  })

  it('stays cancelled, whatever comes of the comparison, and is built when it is taken up again after that', () => {
    const past = [conditional, asks('cancellation'), compared()]
    expect(phaseOf(given(...past).state)).toBe('cancelled')
    expect(when(past, asks('retry')).events.map(tell)).toEqual(wanted)
  })

  it('tells with its images what they are made of', () => {
    const inputs = { engine: 'mkosi 24.3' }
    const noted = [...passes(generic), ...passes(ec2)].map((event) =>
      event.subject === 'image.built.v1' ? { ...event, body: { ...event.body, inputs } } : event,
    )
    const story = given(scheduled({ onlyIfChanged: { since: null } }), ...noted)
    expect(find(story.events, 'drop.ready.v1')).toMatchObject({
      images: [{ evidence: { inputs } }, { evidence: { inputs } }],
    })
  })
})
