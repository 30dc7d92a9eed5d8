/** A program that handles one event as the service would and prints what it says, for tests that kill it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFolderStore } from '#artifacts/folder.ts'
import type { EnvelopeOf } from '#events/envelope.ts'
import type { Mirror } from '../mirror.ts'
import { mirrorPublisher } from '../service.ts'
import { contextIn, mirrorOf } from './scene.ts'

const [home = '', eventFile = ''] = process.argv.slice(2)
type Consumed = EnvelopeOf<(typeof mirrorPublisher.consumes)[number]>
const { event, masters, grace } = JSON.parse(readFileSync(eventFile, 'utf8')) as {
  event: Consumed
  masters: Mirror['masters']
  grace: number
}
const artifacts = await createFolderStore(join(home, 'artifacts'))
const context = contextIn(home)
process.stdout.write('started\n')
const mirror = { ...mirrorOf(join(home, 'mirror'), artifacts), masters, grace }
const said = await mirrorPublisher.handle(event, mirror, context)
process.stdout.write(JSON.stringify(said))
if ('wait' in said && masters.length > 0) process.exitCode = 1
