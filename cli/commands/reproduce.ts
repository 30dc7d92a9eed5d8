import { mkdtemp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { readDrop } from '#drop/read.ts'
import { openArtifacts } from '../backends/open-artifacts.ts'
import { readArtifactSettings } from '../backends/settings.ts'
import { defineCommand, type Environment } from '../command.ts'
import { environmentFor } from '../environment.ts'
import { mirrorOption, stateOption } from '../options.ts'
import { buildAgain } from '../reproduce/build-again.ts'
import { findOriginal, type Original } from '../reproduce/original.ts'
import { compareBuilds, type Likeness } from '../reproduce/reproduce.ts'
import { findServices } from '../services.ts'
import { waitForEnd } from '../signals.ts'
import { openLedgerToAsk, stateFolderOf } from '../stack.ts'
import { UsageError } from '../usage.ts'

export const reproduceCommand = defineCommand({
  name: 'reproduce',
  summary: 'build an image of a drop again and compare it bit by bit',
  argument: { name: 'DROP IMAGE', means: 'a drop as `imagedrop status` lists it, and one of its images', many: true },
  options: {
    json: { means: 'print one JSON document instead of lines' },
    mirror: mirrorOption,
    state: stateOption,
  },
  examples: ['reproduce weekly-Debian-12-20261121.n.0 generic.x86_64'],
  exits: {
    0: 'the same bits came of it',
    1: 'other bits came of it, and what differs was said; or it could not be built',
  },
  async run({ values: { json, mirror, state }, args, env: given }) {
    const [drop = '', key = '', ...rest] = args
    if (key === '' || rest.length > 0) throw new UsageError('reproduce: expected a drop and one image: DROP IMAGE')
    const stateFolder = stateFolderOf(state, given)
    const original = await lookUp(drop, key, stateFolder, given)
    const env = environmentFor(given, { mirror })
    const log = pino({ level: 'warn' }, pino.destination(2))
    const kept = await openArtifacts(readArtifactSettings(env), stateFolder, log)

    const parent = join(stateFolder, 'reproduce')
    await mkdir(parent, { recursive: true })
    const folder = await mkdtemp(join(parent, `${key}-`))
    const ending = new AbortController()
    void waitForEnd().then(() => {
      ending.abort(new Error('stopped'))
    })
    const again = await buildAgain(original, {
      folder,
      services: await findServices(env),
      env,
      log,
      signal: ending.signal,
      progress: () => {},
    })
    const likenesses = await compareBuilds(original, again, kept)
    const same = likenesses.every((one) => one.what !== 'disk' || one.same === true)
    const disk = same ? null : await again.artifacts.open(again.built.disk)
    if (same) await rm(folder, { recursive: true })
    const report = { drop, image: key, same, seconds: again.built.seconds, likenesses, disk }
    process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : render(report))
    return same ? 0 : 1
  },
})

async function lookUp(drop: string, key: string, stateFolder: string, env: Environment): Promise<Original> {
  await using ledger = await openLedgerToAsk(stateFolder, env)
  const original = findOriginal(await readDrop(ledger, drop), drop, key)
  if (typeof original === 'string') throw new UsageError(original)
  return original
}

interface Report {
  readonly drop: string
  readonly image: string
  readonly same: boolean
  readonly seconds: number
  readonly likenesses: readonly Likeness[]
  readonly disk: string | null
}

function render({ drop, image, same, seconds, likenesses, disk }: Report): string {
  const mark = (one: Likeness) => (one.same === null ? '?' : one.same ? '✓' : '✗')
  const lines = likenesses.map(
    (one) => `${mark(one)} ${one.what.padEnd(8)}  ${one.detail.replaceAll('\n', '\n            ')}`,
  )
  const head = `${image} of ${drop}, built again in ${seconds.toFixed(0)} s`
  return `${[head, ...lines, same ? 'the same bits' : `other bits: the new disk is ${disk ?? ''}`].join('\n')}\n`
}
