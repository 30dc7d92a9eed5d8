import { join } from 'node:path'
import { it } from 'vitest'
import { run } from '#subprocess/run.ts'

const cwd = join(import.meta.dirname, '..', '..')

it('the format is kept', async () => {
  await run(join(cwd, 'node_modules', '.bin', 'prettier'), ['--check', '--log-level', 'warn', '.'], { cwd })
})
