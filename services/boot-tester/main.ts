import { mkdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { createBootTests } from './boot-tests.ts'
import { sourceChecks } from './boots/judge-source.ts'
import { checkDisk } from './check-disk.ts'
import { checks, diskChecks } from './checks/index.ts'
import { readBootTesterConfig } from './config.ts'
import type { JudgeDisk } from './image-report.ts'
import { createImageTest } from './image-test.ts'
import { guestsAtATime } from './machines/guests-at-a-time.ts'
import { bootNothing } from './machines/null/null-machine.ts'
import { readBootPolicy } from './plan/boot-policy.ts'
import { dataSourceNames } from './plan/datasources.ts'
import { bootTester } from './service.ts'
import { readKnownFailures } from './verdict/known-failures.ts'

const mebi = 1024 * 1024

/** Puts the boot tester together. */
export const assemble: Assemble = (host) => {
  const config = readBootTesterConfig(host.env)
  const weights = [...diskChecks, ...checks]
  const isReal = config.machine !== 'null'
  const testImage = createImageTest({
    policy: readBootPolicy(config.boots, dataSourceNames),
    bootTestOf: isReal ? createBootTests({ config, stateFolder: host.stateFolder, checks }) : () => bootNothing,
    // What the null engine builds is no disk.
    ...(isReal ? { checkDisk: judgeDisk } : {}),
    weights,
    known: readKnownFailures(config.knownFailures, [...weights.map(({ name }) => name), ...sourceChecks]),
  })
  const here = { processors: availableParallelism(), freeMib: process.availableMemory() / mebi }
  const concurrency = config.concurrency === 'auto' ? guestsAtATime(config.memoryMib, here) : config.concurrency
  const service = bindService(bootTester, { artifacts: host.artifacts, testImage }, { concurrency })
  return Promise.resolve({ service })
}

const judgeDisk: JudgeDisk = async ({ path }, { workFolder, signal }) => {
  await mkdir(workFolder, { recursive: true })
  return await checkDisk(path, { scratch: workFolder, signal })
}
