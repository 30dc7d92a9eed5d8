import { measureNullDrops } from './null-drops.ts'
import { measureStart } from './start.ts'

/** `npm run bench`: the figures of the README that a laptop can measure in a minute. Times in milliseconds. */
const figures = { ...(await measureStart()), ...(await measureNullDrops(50)) }
for (const [name, value] of Object.entries(figures)) console.info(`${name.padEnd(40)} ${String(value)}`)
