import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { createBootTest } from './boot-test.ts'
import { checks } from './checks/index.ts'
import { readBootTesterConfig } from './config.ts'
import { createImageTest } from './image-test.ts'
import { bootNothing } from './machines/null/null-machine.ts'
import { createQemu } from './machines/qemu/qemu.ts'
import { readBootPolicy, type Boot } from './plan/boot-policy.ts'
import { dataSourceNamed, dataSourceNames } from './plan/datasources.ts'
import { bootTester } from './service.ts'
import { readKnownFailures } from './verdict/known-failures.ts'

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
  const bootTestOf = ({ hardware, datasource }: Boot) =>
    config.machine === 'null'
      ? bootNothing
      : createBootTest({ machine, hardware, datasource: dataSourceNamed(datasource), checks, limits, newNonce })
  const testImage = createImageTest({
    policy: readBootPolicy(config.boots, dataSourceNames),
    bootTestOf,
    weights: checks,
    known: readKnownFailures(
      config.knownFailures,
      checks.map(({ name }) => name),
    ),
  })
  const service = bindService(bootTester, { artifacts: host.artifacts, testImage }, { concurrency: config.concurrency })
  return Promise.resolve({ service })
}
