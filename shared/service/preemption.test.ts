import { readdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import { say } from '#events/define.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageRequested } from '#events/image-requested.ts'
import type { Capacity } from '#ledger/needs.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { bindService } from './bind.ts'
import { defineService, type Context } from './define.ts'
import { runServices } from './run.ts'
import { speaker } from './testing/speaker.ts'

const nightly = 'nightly-Fedora-44-20260102.n.0'
const milestone = 'milestone-Fedora-44-20260102.0'
const none = { kvm: false, root: false, architectures: [] }
const capacity: Capacity = { host: 'one', cores: 8, memoryMib: 8_000, diskMib: 8_000, ...none }

it('a process that does as many jobs as it can lets a nightly one begin again after that of a milestone', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'imagedrop-preemption-'))
  const stateFolder = folder.path
  await using ledger = await openSqliteLedger(stateFolder)
  const began: { drop: string; attempt: number; found: string[] }[] = []
  async function work(drop: string, { attempt, workFolder, signal }: Context): Promise<void> {
    began.push({ drop, attempt, found: await readdir(workFolder) })
    await writeFile(join(workFolder, 'half-made'), '')
    if (began.length > 1) return
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error)
      })
    })
  }
  const builder = defineService({
    name: 'builder',
    consumes: [imageRequested],
    emits: [imageBuilt],
    needs: () => ({ cores: 1 }),
    async handle({ body }, _nothing, context) {
      await work(body.drop, context)
      return []
    },
  })
  const all = [{ service: bindService(builder, null) }, { service: bindService(speaker, null) }]
  const basics = { ledger, bus: createMemoryBus(), owner: 'test', stateFolder, log: pino({ level: 'silent' }) }
  const has = () => Promise.resolve(capacity)
  const running = await runServices(all, { ...basics, now: () => new Date(), capacity: has })
  const ask = (drop: string, preemptible: boolean) => {
    const image = { ...imageRequested.example.image, preemptible }
    return running.voiceOf('scheduler').say(say(imageRequested, { ...imageRequested.example, drop, image }))
  }
  await ask(nightly, true)
  await expect.poll(() => began.length, { timeout: 20_000 }).toBe(1)
  await ask(milestone, false)
  await expect.poll(() => began.length, { timeout: 20_000 }).toBe(3)
  const first = { attempt: 1, found: [] }
  expect(began).toEqual([nightly, milestone, nightly].map((drop) => ({ drop, ...first })))
  await expect.poll(async () => (await ledger.jobs({ states: ['done'] })).length, { timeout: 20_000 }).toBe(2)
  await running.stop(10_000)
})
