import { pino } from 'pino'
import { bridge } from '../bridge.ts'
import { openSide, type Side } from './sides.ts'

/** A bridge as a process of its own, for tests to kill. Its arguments are two sides and the subjects, in JSON. */
const [from, to, subjects] = process.argv.slice(2).map((text): unknown => JSON.parse(text)) as [Side, Side, string[]]
await bridge({ from: await openSide(from), to: await openSide(to), subjects, log: pino({ level: 'silent' }) })
process.stdout.write(`pid ${String(process.pid)}\n`)
