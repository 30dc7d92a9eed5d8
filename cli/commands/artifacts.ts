import { pino } from 'pino'
import type { StoredArtifact } from '#artifacts/store.ts'
import { openArtifacts } from '../backends/open-artifacts.ts'
import { readArtifactSettings } from '../backends/settings.ts'
import { removeUnneeded } from '../artifacts/remove-unneeded.ts'
import { sortOut, type Amount, type SortedOut } from '../artifacts/sort-out.ts'
import { defineCommand } from '../command.ts'
import { stateOption, wholeNumber } from '../options.ts'
import { openLedgerToAsk, stateFolderOf } from '../stack.ts'
import { UsageError } from '../usage.ts'
import { ageOf, renderTable } from '../view/table.ts'

export const artifactsCommand = defineCommand({
  name: 'artifacts',
  summary: 'show what the artifact store has of ended drops and of lost work, or remove it',
  options: {
    remove: { means: 'remove the images of drops that have ended; evidence of how they were made stays' },
    unknown: { means: 'with --remove: remove what no event names as well' },
    days: {
      value: 'N',
      means: 'leave what was kept, and drops that ended, within so many days',
      default: '7',
      example: '30',
      read: wholeNumber(1, 3650),
    },
    keep: {
      value: 'N',
      means: 'leave the images of so many of the newest ended drops of each kind in a release',
      default: '1',
      example: '4',
      read: wholeNumber(0, 1000),
    },
    json: { means: 'print a JSON line for each artifact' },
    state: stateOption,
  },
  examples: ['artifacts', 'artifacts --remove', 'artifacts --days 30 --keep 4 --json'],
  exits: { 0: 'shown, or removed', 1: 'ledger or store could not be read, do not belong together, or refused' },
  async run({ values: { remove, unknown, days, keep, json, state }, env }) {
    if (unknown && !remove) throw new UsageError('--unknown says what --remove removes, and needs it')
    const stateFolder = stateFolderOf(state, env)
    const before = new Date(Date.now() - days * 86_400_000)
    await using ledger = await openLedgerToAsk(stateFolder, env)
    const store = await openArtifacts(readArtifactSettings(env), stateFolder, pino({ level: 'silent' }))
    const sorted = await sortOut(ledger, store, { before, keep })
    const gone = remove ? await removeUnneeded(sorted, store, { before, unknown }) : null
    process.stdout.write(json ? linesOf(sorted, gone) : textOf(sorted, gone))
    return 0
  },
})

function textOf({ ended, unknown, needed, young }: SortedOut, gone: readonly StoredArtifact[] | null): string {
  const now = new Date()
  const rows = ended.map(({ drop, endedAt, images }) => [
    drop,
    ageOf(endedAt, now),
    String(images.length),
    mib(sumOf(images)),
  ])
  const images = ended.flatMap((one) => one.images)
  const lines = [
    ...(rows.length === 0 ? [] : renderTable(['DROP', 'ENDED', 'IMAGE FILES', 'SIZE'], rows)),
    `of ended drops: ${filesOf(images)}`,
    `named by no event: ${filesOf(unknown)}`,
    `needed: ${amountOf(needed)}`,
    `too young to tell: ${amountOf(young)}`,
    ...(gone === null ? [] : [`removed: ${filesOf(gone)}`]),
  ]
  return `${lines.join('\n')}\n`
}

function linesOf({ ended, unknown }: SortedOut, gone: readonly StoredArtifact[] | null): string {
  const removed = new Set(gone)
  const lineOf = (drop: string | null) => (one: StoredArtifact) =>
    `${JSON.stringify({ drop, sha256: one.sha256, bytes: one.bytes, keptAt: one.keptAt, removed: removed.has(one) })}\n`
  return [...ended.flatMap(({ drop, images }) => images.map(lineOf(drop))), ...unknown.map(lineOf(null))].join('')
}

function filesOf(artifacts: readonly StoredArtifact[]): string {
  return amountOf({ files: artifacts.length, bytes: sumOf(artifacts) })
}

function amountOf({ files, bytes }: Amount): string {
  return `${String(files)} ${files === 1 ? 'file' : 'files'}, ${mib(bytes)}`
}

function sumOf(artifacts: readonly StoredArtifact[]): number {
  return artifacts.reduce((sum, { bytes }) => sum + bytes, 0)
}

function mib(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`
}
