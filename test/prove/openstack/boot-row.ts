import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { exampleArtifact, exampleImage } from '#events/examples.ts'
import { PermanentError } from '#service/errors.ts'
import type { BootReport } from '../../../services/boot-tester/boot-report.ts'
import { createSourceBoot } from '../../../services/boot-tester/boots/source-boot.ts'
import { novaSourceNamed } from '../../../services/boot-tester/machines/openstack/sources.ts'
import { openMachine } from '../../../services/boot-tester/machines/openstack/testing/open-machine.ts'
import type { NovaAccount, NovaCloud } from '../../brokers/nova/nova.ts'
import type { Row } from './rows.ts'

interface Place {
  readonly cloud: NovaCloud
  readonly account: NovaAccount
  readonly folder: string
}

/** A raw disk whose image is proved. */
export interface ProvenDisk {
  readonly path: string
  readonly size: number
  /** Whether its kernel sees SATA drives. */
  readonly hasAhci: boolean
}

/** What became of a row. */
export interface BootedRow {
  readonly row: Row
  readonly isAsStated: boolean
  readonly hasBooted: boolean
  /** By which of cloud-init's classes the guest was told; null when it did not say. */
  readonly source: string | null
  readonly hasRunUserData: boolean
  /** From the server's being active until its guest had told everything. */
  readonly seconds: number | null
}

// A machine that does much else is no reason to give up.
const limits = { idle: 400_000, total: 900_000 }

/** Boots a disk on the row's machine, and prints what was found. */
export async function bootRow(row: Row, disk: ProvenDisk, place: Place): Promise<BootedRow> {
  const { name, refused } = row
  try {
    const report = await boot(row, disk, place)
    const wrong = report.checks.filter(({ outcome }) => outcome !== 'passed')
    const isUnseen = row.needsAhci === true && !disk.hasAhci
    const isAsStated =
      refused === undefined && (isUnseen ? wrong.map((one) => one.name).join() === 'data-source' : wrong.length === 0)
    const resultOf = (check: string) => report.checks.find((one) => one.name === check)
    const source = /DataSource\w+/.exec(resultOf('data-source')?.detail ?? '')?.[0] ?? null
    say(name, isAsStated, `${report.seconds.toFixed(0)} s, ${source ?? 'told by nobody'}`)
    for (const check of wrong) console.log(`        ${check.outcome} ${check.name}: ${check.detail}`)
    return {
      row,
      isAsStated,
      hasBooted: report.phases.some((phase) => phase.name === 'cloud-init'),
      source,
      hasRunUserData: resultOf('user-data')?.outcome === 'passed',
      seconds: report.seconds,
    }
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error
    const isAsStated = refused?.test(await place.cloud.computeLog()) ?? false
    say(name, isAsStated, `refused: ${error.message}`)
    return { row, isAsStated, hasBooted: false, source: null, hasRunUserData: false, seconds: null }
  }
}

async function boot(row: Row, { path, size }: ProvenDisk, { cloud, account, folder }: Place): Promise<BootReport> {
  const machine = openMachine({
    cloudsFile: account.cloudsFile,
    flavor: cloud.flavor,
    network: cloud.network,
    ...(row.properties && { properties: row.properties }),
  })
  const bootTest = createSourceBoot({
    machine,
    hardware: row.hardware,
    datasource: novaSourceNamed(row.datasource),
    limits,
    newNonce: () => randomBytes(8).toString('hex'),
  })
  return await bootTest(
    { image: { ...exampleImage, recipe: 'debian-12' }, disk: { ...exampleArtifact('raw'), size }, path },
    {
      signal: new AbortController().signal,
      progress: () => {},
      workFolder: folder,
      logFolder: join(folder, 'logs'),
      now: () => new Date(),
    },
  )
}

function say(name: string, isAsStated: boolean, what: string): void {
  console.log(`${name.padEnd(18)} ${isAsStated ? 'as stated' : 'NOT as stated'}: ${what}`)
}
