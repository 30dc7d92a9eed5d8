import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { dropExpired, type DropExpired } from '#events/drop-expired.ts'
import { dropPublished, type DropPublished } from '#events/drop-published.ts'
import { dropReady, type DropReady } from '#events/drop-ready.ts'
import { dropStaged, type DropStaged } from '#events/drop-staged.ts'
import type { Envelope } from '#events/envelope.ts'
import { everyEvent } from '#ledger/every-event.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { foldersBelow } from '#service/discover.ts'
import { openArtifacts } from '../backends/open-artifacts.ts'
import { readArtifactSettings } from '../backends/settings.ts'
import { defineCommand } from '../command.ts'
import { stateOption } from '../options.ts'
import { findServices } from '../services.ts'
import { openLedgerToAsk, stateFolderOf } from '../stack.ts'
import { UsageError } from '../usage.ts'
import { previewDrop, type Occasion } from '../../services/announcer/preview.ts'
import { launchAddresses } from '../../services/announcer/story/launch.ts'

export const announceCommand = defineCommand({
  name: 'announce',
  summary: 'show what each channel would say of a drop, and send nothing',
  argument: { name: 'DROP', means: 'a drop that is published, or staged and waits for its blessing' },
  options: {
    preview: { means: 'only show: drops are announced by the service, never by this command, so it is needed' },
    channel: {
      value: 'LIST',
      means: 'the channels to ask, with commas',
      otherwise: 'all that are set up',
      example: 'mail,irc',
    },
    state: stateOption,
  },
  examples: ['announce --preview weekly-Debian-12-20261121.n.0 --channel mail'],
  exits: { 0: 'shown', 1: 'the ledger could not be read, or a channel is not set up as it has to be' },
  async run({ values: { preview, channel = '', state }, args: [drop = ''], env }) {
    if (!preview) throw new UsageError('announce: only with --preview: the service announcer announces drops')
    const stateFolder = stateFolderOf(state, env)
    const { steps, roots } = await findServices(env)
    await using ledger = await openLedgerToAsk(stateFolder, env)
    const occasion = await readOccasion(ledger, drop)
    const publishings = steps.flatMap(({ publishes }) => publishes ?? [])
    const titles = new Map(publishings.map(({ target, title }) => [target, title]))
    const folder = await mkdtemp(join(tmpdir(), 'imagedrop-preview-'))
    const { previews, files } = await previewDrop(occasion, {
      env,
      roots: foldersBelow(roots, 'services/announcer/channels'),
      titles,
      launchAddressOf: launchAddresses(publishings),
      artifacts: await openArtifacts(readArtifactSettings(env), stateFolder, pino({ level: 'silent' })),
      folder,
      only: channel.split(',').filter((name) => name !== ''),
      signal: new AbortController().signal,
    })
    for (const { channel: name, says } of previews) if (says !== null) process.stdout.write(`--- ${name}\n${says}\n`)
    if (files.length === 0) await rm(folder, { recursive: true })
    else process.stdout.write(`--- files\n${files.map((file) => `${file}\n`).join('')}`)
    return 0
  },
})

/** The publication of a drop, or what it would be if it were blessed now. */
async function readOccasion(ledger: Ledger, drop: string): Promise<Occasion> {
  const last = async (subject: string) => (await ledger.events({ drop, subject })).at(-1)?.envelope
  const drops = await readStanding(ledger)
  const published = await last(dropPublished.subject)
  if (published) return { at: published.time, body: published.body as DropPublished, drops }
  const [ready, staged] = [await last(dropReady.subject), await last(dropStaged.subject)]
  if (!ready || !staged) {
    const told = `there is no drop ${JSON.stringify(drop)} that is published or staged`
    throw new UsageError(`announce: ${told}; \`imagedrop status\` lists them`)
  }
  const { kind, milestone, compose, images } = ready.body as DropReady
  const { path, files } = staged.body as DropStaged
  const body = { drop, kind, milestone, compose, images, path, files, by: 'nobody yet' }
  return { at: staged.time, body, drops }
}

/** All published drops that have not expired. */
async function readStanding(ledger: Ledger): Promise<DropPublished[]> {
  const expired = new Set((await readAll(ledger, dropExpired.subject)).map(({ body }) => (body as DropExpired).drop))
  const published = (await readAll(ledger, dropPublished.subject)).map(({ body }) => body as DropPublished)
  return published.filter(({ drop }) => !expired.has(drop))
}

async function readAll(ledger: Ledger, subject: string): Promise<Envelope[]> {
  const envelopes: Envelope[] = []
  for await (const { envelope } of everyEvent(ledger, { subject })) envelopes.push(envelope)
  return envelopes
}
