import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { createFolderStore } from '#artifacts/folder.ts'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import { dropRequested } from '#events/operator.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { ownerOfThisProcess } from '#service/owner.ts'
import { runServices } from '#service/run.ts'
import { house } from '#test/support/house.ts'
import { askInLedger } from '../../cli/ask.ts'
import { nullServices } from './null-services.ts'

const openOwn = (stateFolder: string) => openSqliteLedger(join(stateFolder, 'ledger'))

/** Drops of four images through the real scheduler, ledger and bus, with steps that do nothing; every event durable. */
export async function measureNullDrops(
  count: number,
  openLedger: (stateFolder: string) => Promise<Ledger> = openOwn,
): Promise<Record<string, number>> {
  const stateFolder = await mkdtemp(join(tmpdir(), 'imagedrop-bench-'))
  const log = pino({ level: 'silent' })
  const now = () => new Date()
  const artifacts = await createFolderStore(join(stateFolder, 'artifacts'))
  const ledger = await openLedger(stateFolder)
  const bus = createMemoryBus()
  const env = { IMAGEDROP_SCHEDULER_ALLOWED_LOCATIONS: stateFolder }
  const assembled = await nullServices({ ...house, stateFolder, artifacts, log, now, env })
  const runtime = { ledger, bus, owner: ownerOfThisProcess(), stateFolder, now, log }
  const running = await runServices(assembled, runtime)

  let announced = Promise.withResolvers<void>()
  await bus.subscribe({
    service: 'bench',
    subjects: ['drop.announced.v1'],
    deliver: () => {
      announced.resolve()
      return Promise.resolve()
    },
  })
  const times: number[] = []
  for (let index = 0; index < count; index += 1) {
    announced = Promise.withResolvers()
    const date = new Date(Date.UTC(2026, 0, 1 + index)).toISOString().slice(0, 10).replaceAll('-', '')
    const began = performance.now()
    await askInLedger(ledger, dropRequested, requestOf(`Debian-12-${date}.n.0`, stateFolder))
    await announced.promise
    times.push(performance.now() - began)
  }
  await running.stop(1_000)
  await ledger[Symbol.asyncDispose]()
  await rm(stateFolder, { recursive: true })
  const sorted = times.toSorted((one, other) => one - other)
  const at = (share: number) => Math.round((sorted[Math.floor((sorted.length - 1) * share)] ?? 0) * 10) / 10
  return {
    'null drop, median ms': at(0.5),
    'null drop, p95 ms': at(0.95),
    'null drop, first ms': Math.round(times[0] ?? 0),
  }
}

function requestOf(composeId: string, location: string) {
  const message = { compose_id: composeId, location, status: 'FINISHED' }
  return { topic: 'pungi.compose.status.change', message, images: null }
}
