import { describe, expect, it } from 'vitest'
import { phaseOf } from './phase.ts'
import {
  announced,
  asks,
  built,
  converted,
  drop,
  ec2,
  generic,
  imagePublished,
  mirrored,
  passes,
  plan,
  scheduled,
  staged,
  tell,
  tested,
  uploaded,
} from './testing/drop-events.ts'
import { both, find, given, untilPublished, untilStaged, when } from './testing/story.ts'

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

  it('is blessed by the policy when it is staged', () => {
    expect(find(given(...untilStaged).events, 'drop.blessed.v1')).toMatchObject({ by: 'policy', images: [{}, {}] })
  })

  it('is published when it is open on the mirrors and public in EC2, whichever is last', () => {
    expect(when([...untilStaged, mirrored(generic, ec2)], imagePublished(ec2)).phase).toBe('published')
    expect(when([...untilStaged, imagePublished(ec2)], mirrored(generic, ec2)).phase).toBe('published')
  })
})

it.each(['blessing', 'cancellation', 'retry', 'supersession'] as const)(
  'a %s of a drop that nobody knows is ignored with the reason',
  (what) => {
    expect(when([], asks(what))).toMatchObject({ events: [], ignored: `there is no drop ${drop}` })
  },
)

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
