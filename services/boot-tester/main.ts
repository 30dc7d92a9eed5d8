import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { createBootTest } from './boot-test.ts'
import { createSourceBoots } from './boots/boot-sources.ts'
import { withSources } from './boots/with-sources.ts'
import { checks } from './checks/index.ts'
import { readBootTesterConfig } from './config.ts'
import { noCloud } from './datasources/nocloud/datasource.ts'
import { guestsAtATime } from './machines/guests-at-a-time.ts'
import { bootNothing } from './machines/null/null-machine.ts'
import { createQemu } from './machines/qemu/qemu.ts'
import { bootTester } from './service.ts'

const mebi = 1024 * 1024

/** Puts the boot tester together. */
export const assemble: Assemble = (host) => {
  const config = readBootTesterConfig(host.env)
  const machine = createQemu({
    memoryMib: config.memoryMib,
    processors: config.processors,
    growBytes: config.growMib * mebi,
    accelerator: config.accelerator,
    stateFolder: join(host.stateFolder, 'boot-tester'),
    proveKvmWithin: config.kvmProofSeconds * 1000,
  })
  const limits = { idle: config.idleSeconds * 1000, total: config.totalSeconds * 1000 }
  const newNonce = () => randomBytes(8).toString('hex')
  const [datasource = noCloud, ...datasources] = config.datasources
  const long = createBootTest({ machine, datasource, checks, limits, newNonce })
  const all = createSourceBoots({ machine, datasources, long, atOnce: 2, limits, newNonce })
  const bootReal = datasources.length === 0 ? long : withSources(all)
  const bootTest = config.machine === 'null' ? bootNothing : bootReal
  const here = { processors: availableParallelism(), freeMib: process.availableMemory() / mebi }
  const concurrency = config.concurrency === 'auto' ? guestsAtATime(config.memoryMib, here) : config.concurrency
  const service = bindService(bootTester, { artifacts: host.artifacts, bootTest }, { concurrency })
  return Promise.resolve({ service })
}
