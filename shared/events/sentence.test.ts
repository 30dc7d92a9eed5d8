import { expect, it } from 'vitest'
import { imageBuilt } from './image-built.ts'
import { foreignEvents, ownEvents } from './index.ts'
import { fillSentence } from './sentence.ts'

const body = {
  drop: { id: 'weekly-1', days: 30 },
  stream: null,
  images: [
    { name: 'one', outcome: 'passed' },
    { name: 'two', outcome: 'failed' },
    { name: 'three', outcome: 'failed', excuse: { why: 'known' } },
  ],
  none: [],
}

it.each([
  ['a field at any depth', '{drop.id} after {drop.days} days', 'weekly-1 after 30 days'],
  ['other words where there is nothing', 'of {stream|all streams}', 'of all streams'],
  ['a question mark where nobody thought of other words', 'of {stream} in {nowhere.at.all}', 'of ? in ?'],
  ['the items of a list', '{images: {name} {outcome}}', 'one passed, two failed, three failed'],
  ['only some items of a list', '{images[outcome=failed]: {name}}', 'two, three'],
  ['only those without a field', '{images[outcome=failed!excuse]: {name}}', 'two'],
  ['how many there are', '{#images[outcome=failed]} of {#images}', '2 of 3'],
  ['brackets around what there is', 'over{ (images[outcome=passed]: {name})}', 'over (one)'],
  ['no brackets around nothing', 'over{ (none: {name})}', 'over'],
])('a sentence says %s', (_what, sentence, text) => {
  expect(fillSentence(sentence, body)).toBe(text)
})

it('a form that means nothing is refused, by name', () => {
  expect(() => fillSentence('{drop id}', body)).toThrow('{drop id}')
})

it('a value that looks like a form stays as it is', () => {
  expect(fillSentence('{by}', { by: '{drop}' })).toBe('{drop}')
})

it.each([...ownEvents, ...foreignEvents].map((event) => [event.subject, event] as const))(
  'the sentence of %s has no form left in it',
  (_subject, event) => {
    expect(event.summary(event.example as never)).not.toMatch(/[{}]|\?| \(\)/)
  },
)

it('a build says which engines could not, and nothing when the first could', () => {
  const { example } = imageBuilt
  const earlier = [{ name: 'koji', class: 'environment' as const, reason: 'the hub is offline' }]
  expect(imageBuilt.summary({ ...example, engine: { ...example.engine, earlier } })).toMatch(
    / was built by mkosi 24\.3 \(koji could not: the hub is offline\)$/,
  )
  expect(imageBuilt.summary(example)).toMatch(/ was built by mkosi 24\.3$/)
})
