import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { house } from '#test/support/house.ts'
import { isTest, readSources } from './sources.ts'

const root = join(import.meta.dirname, '..', '..')

/** The words by which a target is known: its name, its title, and how its service is called. */
const words = house.steps.flatMap(({ service, publishes }) =>
  publishes ? [service, publishes.target, ...publishes.title.split(' ')] : [],
)

/**
 * Where a cloud may be named: its own service, what guests see of it, the machine that is in it and the command that chooses a
 * machine, its shared clients, naming tables, recipes, and the examples of events. A rule names the document that it is from.
 */
const mayName = [
  ...house.steps.filter(({ publishes }) => publishes).map(({ service }) => `services/${service}/`),
  'services/boot-tester/datasources/',
  'services/boot-tester/machines/openstack/',
  'services/boot-tester/cloud-boots.ts',
  'cli/commands/boot-test.ts',
  'shared/openstack/',
  'services/mirror-publisher/naming/',
  'services/builder/recipes/',
  'shared/events/examples.ts',
]

it('no code names a cloud but its own service, recipes and naming tables; examples and the rules of checks may', () => {
  const named = new RegExp(`\\b(${words.join('|')}|ami|aws)\\b`, 'i')
  const wrong = readSources()
    .filter((source) => !isTest(source) && !mayName.some((place) => source.path.startsWith(place)))
    // The store speaks the protocol of one cloud; it is no target.
    .filter(({ path }) => !path.startsWith('shared/artifacts/s3/'))
    .flatMap(({ path }) => {
      const lines = codeOf(readFileSync(join(root, path), 'utf8')).split('\n')
      return lines
        .filter((line) => named.test(line) && !/^\s*(examples?|rule):/.test(line))
        .map((line) => `${path}: ${line.trim()}`)
    })
  expect(wrong).toEqual([])
})

/** A source without its comments and the names of packages. */
function codeOf(source: string): string {
  return source
    .replaceAll(/\/\*[^]*?\*\//g, '')
    .replaceAll(/^\s*\/\/.*$/gm, '')
    .replaceAll(/'@[\w-]+\/[\w-]+'/g, '')
}
