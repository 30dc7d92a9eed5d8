import { join } from 'node:path'
import { it } from 'vitest'
import { run } from '#subprocess/run.ts'

const cwd = join(import.meta.dirname, '..', '..')

/** Node runs the code without looking at its types, so the tests must. The format, which takes twice as long, is a long test. */
it.each([
  ['the types are right', 'tsc', []],
  ['the linter is quiet', 'oxlint', ['--type-aware', '--deny-warnings']],
])('%s', async (_what, tool, args) => {
  await run(join(cwd, 'node_modules', '.bin', tool), args, { cwd })
})
