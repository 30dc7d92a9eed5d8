import { globSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { house } from '#test/support/house.ts'

const root = join(import.meta.dirname, '..', '..')
const foldersIn = (folder: string) =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? [one.name] : []))

/** Words that documents use for what the folders hold, where these are not the folders' own names. */
const words: Readonly<Record<string, readonly string[]>> = {
  amqp: ['RabbitMQ', 'AMQP'],
  nats: ['NATS'],
  postgres: ['PostgreSQL'],
  s3: ['S3'],
  recovery: ['STATUS', 'archive'],
}

/** What there is, by its folders. */
function whatThereIs(): string[] {
  const folders = [
    ...foldersIn('shared/bus'),
    ...foldersIn('shared/ledger'),
    ...foldersIn('shared/artifacts'),
    ...foldersIn('services/builder/engines'),
    ...globSync('services/scheduler/**/recovery', { cwd: root }).map(() => 'recovery'),
  ].filter((name) => !['memory', 'testing', 'migrations', 'statements', 'null'].includes(name))
  const titles = house.steps.flatMap(({ publishes }) => (publishes ? [publishes.title, publishes.target] : []))
  return [...folders.flatMap((name) => words[name] ?? [name]), ...titles]
}

const denial = /\b(next step|not (?:yet )?(?:there|implemented|supported|looked up|possible)|yet to come|planned)\b/i

/** Sections and sentences of a page that say what is not there. */
function denialsIn(page: string): string[] {
  const sections = page.split(/^(?=## )/m)
  const missing = sections.filter((section) => /^## .*\b(not|missing)\b.*\b(do|yet|there)\b/i.test(section))
  const sentences = page.split(/(?<=[.:;])\s+/).filter((sentence) => denial.test(sentence))
  return [...missing.flatMap((section) => section.split('\n').filter((line) => line.startsWith('- '))), ...sentences]
}

it('no document says of what is there that it is missing', async () => {
  const there = whatThereIs()
  expect(there).toContain('RabbitMQ')
  const pages = globSync('{README.md,CONTRIBUTING.md,docs/!(commands).md,services/**/README.md,deploy/**/README.md}', {
    cwd: root,
  })
  const wrong: string[] = []
  for (const page of pages) {
    const text = await readFile(join(root, page), 'utf8')
    for (const claim of denialsIn(text)) {
      const thing = there.find((one) => new RegExp(`\\b${one}\\b`).test(claim))
      // What is said of a thing's limits begins with what it does.
      if (thing !== undefined && !/\b(was|were|only|against|checked)\b/.test(claim))
        wrong.push(`${page}: ${thing}: ${claim}`)
    }
  }
  expect(wrong).toEqual([])
})

it('would have found the false sentences that this test was written for', () => {
  const false1 =
    '## What it does not do yet\n\n- Everything runs in one process. RabbitMQ, NATS and S3 are the next step.\n'
  expect(denialsIn(false1).some((claim) => claim.includes('RabbitMQ'))).toBe(true)
})
