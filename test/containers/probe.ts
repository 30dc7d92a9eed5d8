import { messageOf } from '#service/errors.ts'
import { provideEngine } from './engine.ts'

/** Ends with 0 when this host has a container engine, or can start one. */
try {
  await using engine = await provideEngine()
  await engine.docker(['version'])
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = 1
}
