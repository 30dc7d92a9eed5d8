import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { createBootTests } from './boot-tests.ts'
import { checks } from './checks/index.ts'
import { readBootTesterConfig } from './config.ts'
import { createImageTest } from './image-test.ts'
import { bootNothing } from './machines/null/null-machine.ts'
import { readBootPolicy } from './plan/boot-policy.ts'
import { dataSourceNames } from './plan/datasources.ts'
import { bootTester } from './service.ts'
import { readKnownFailures } from './verdict/known-failures.ts'

/** Puts the boot tester together. */
export const assemble: Assemble = (host) => {
  const config = readBootTesterConfig(host.env)
  const options = { config, stateFolder: host.stateFolder, checks }
  const testImage = createImageTest({
    policy: readBootPolicy(config.boots, dataSourceNames),
    bootTestOf: config.machine === 'null' ? () => bootNothing : createBootTests(options),
    weights: checks,
    known: readKnownFailures(
      config.knownFailures,
      checks.map(({ name }) => name),
    ),
  })
  const service = bindService(bootTester, { artifacts: host.artifacts, testImage }, { concurrency: config.concurrency })
  return Promise.resolve({ service })
}
