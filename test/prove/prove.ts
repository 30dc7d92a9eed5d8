// Proves on this machine what takes too long, or too much of the host, for a test: `npm run prove -- NAME`.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const own = 'prove.ts'
const names = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.ts') && name !== own)
  .map((name) => name.replace(/\.ts$/, ''))
const [, , name = ''] = process.argv
if (!names.includes(name)) {
  console.error(`There is no proof "${name}"; there are ${names.join(', ')}`)
  process.exit(2)
}
const { prove } = (await import(join(import.meta.dirname, `${name}.ts`))) as { prove: () => Promise<boolean> }
process.exitCode = (await prove()) ? 0 : 1
