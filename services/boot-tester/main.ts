import { availableParallelism } from 'node:os'
import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { createBootTests } from './boot-tests.ts'
import { sourceChecks } from './boots/judge-source.ts'
import { checks, diskChecks, laterChecks } from './checks/index.ts'
import { readBootTesterConfig } from './config.ts'
import { createImageTest } from './image-test.ts'
import { createJudgeDisk } from './judge-disk.ts'
import { guestsAtATime } from './machines/guests-at-a-time.ts'
import { bootNothing } from './machines/null/null-machine.ts'
import { needsOfBoots } from './needs.ts'
import { readBootPolicy } from './plan/boot-policy.ts'
import { dataSourceNames } from './datasources/index.ts'
import { bootTester } from './service.ts'
import { readKnownFailures } from './verdict/known-failures.ts'

const mebi = 1024 * 1024

/** Puts the boot tester together. */
export const assemble: Assemble = (host) => {
  const config = readBootTesterConfig(host.env)
  const weights = [...diskChecks, ...checks, ...laterChecks]
  const isReal = config.machine !== 'null'
  const policy = readBootPolicy(config.boots, {
    datasources: dataSourceNames,
    later: laterChecks.map(({ name }) => name),
  })
  const testImage = createImageTest({
    policy,
    bootTestOf: isReal ? createBootTests({ config, stateFolder: host.stateFolder, checks }) : () => bootNothing,
    // What the null engine builds is no disk.
    ...(isReal ? { checkDisk: createJudgeDisk(diskChecks) } : {}),
    weights,
    known: readKnownFailures(config.knownFailures, [...weights.map(({ name }) => name), ...sourceChecks]),
  })
  const here = { processors: availableParallelism(), freeMib: process.availableMemory() / mebi }
  const concurrency = config.concurrency === 'auto' ? guestsAtATime(config.memoryMib, here) : config.concurrency
  const needs = isReal ? needsOfBoots(policy, config) : () => ({})
  const service = bindService(bootTester, { artifacts: host.artifacts, testImage, needs }, { concurrency })
  return Promise.resolve({ service })
}
