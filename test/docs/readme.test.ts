import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { globSync } from 'node:fs'
import { expect, it } from 'vitest'
import { readArtifactSettings, readBusSettings, readLedgerSettings } from '../../cli/backends/settings.ts'
import { commandsPage, generateCommandsPage, generateReadme } from '../../docs/generate.ts'

const root = join(import.meta.dirname, '..', '..')
const readme = await readFile(join(root, 'README.md'), 'utf8')
const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}

it('the README and docs/commands.md show the commands as `imagedrop help` prints them (npm run docs)', async () => {
  expect(await generateReadme()).toBe(readme)
  expect(await generateCommandsPage()).toBe(await readFile(commandsPage, 'utf8'))
})

it('every npm script that the documents name exists', async () => {
  const documents = [readme, await readFile(join(root, 'CONTRIBUTING.md'), 'utf8')].join('\n')
  const named = [...documents.matchAll(/npm (?:run )?(?!run\b)([a-z:]+)/g)].map((match) => match[1] ?? '')
  expect(named.length).toBeGreaterThan(1)
  expect(named.filter((name) => !(name in scripts) && !['ci', 'install', 'exec', 'packages'].includes(name))).toEqual(
    [],
  )
})

it('every relative link of the documents leads somewhere', async () => {
  const pages = globSync('{*.md,docs/**/*.md,services/**/README.md}', { cwd: root })
  const dead: string[] = []
  for (const page of pages) {
    const text = await readFile(join(root, page), 'utf8')
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)) {
      if (!existsSync(join(root, page, '..', target))) dead.push(`${page}: ${target}`)
    }
  }
  expect(dead).toEqual([])
})

it('docs/operations.md names every setting of the bus, the ledger and the artifact store', async () => {
  const page = await readFile(join(root, 'docs', 'operations.md'), 'utf8')
  const settings = [readBusSettings({}), readLedgerSettings({}), readArtifactSettings({})]
  const names = settings.flatMap((one) => Object.keys(one))
  const unnamed = names.filter((name) => {
    const variable = name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
    return !page.includes(`_${variable}\``)
  })
  expect(names.length).toBeGreaterThan(10)
  expect(unnamed).toEqual([])
})
