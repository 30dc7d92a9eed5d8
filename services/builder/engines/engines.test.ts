import { readdir } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { engineContract } from './engine.contract.ts'
import { engineFor } from './engine-for.ts'

const limits = { deadline: 60_000, idleDeadline: 60_000 }

engineContract(engineFor('null', limits), { builds: true })
engineContract(engineFor('mkosi', limits), { builds: false })

it('every folder beside this file is an engine that can be chosen, and held to the contract here', async () => {
  const entries = await readdir(import.meta.dirname, { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  expect(folders.toSorted()).toEqual(['mkosi', 'null'])
})
