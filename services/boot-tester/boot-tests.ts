import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { BootTest } from './boot-report.ts'
import { createBootTest } from './boot-test.ts'
import { createSourceBoot } from './boots/source-boot.ts'
import type { Check } from './checks/check.ts'
import { laterChecks } from './checks/index.ts'
import type { readBootTesterConfig } from './config.ts'
import { createQemu } from './machines/qemu/qemu.ts'
import type { Boot } from './plan/boot-policy.ts'
import { dataSourceNamed } from './datasources/index.ts'

const mebi = 1024 * 1024

interface BootTestsOptions {
  readonly config: ReturnType<typeof readBootTesterConfig>
  /** Where it is kept whether KVM works. */
  readonly stateFolder: string
  readonly checks: readonly Check[]
}

/** How each boot of the policy is made on this host, as it is set up. */
export function createBootTests({ config, stateFolder, checks }: BootTestsOptions): (boot: Boot) => BootTest {
  const machine = createQemu({
    memoryMib: config.memoryMib,
    processors: config.processors,
    growBytes: config.growMib * mebi,
    accelerator: config.accelerator,
    stateFolder: join(stateFolder, 'boot-tester'),
    proveKvmWithin: config.kvmProofSeconds * 1000,
  })
  const limits = { idle: config.idleSeconds * 1000, total: config.totalSeconds * 1000 }
  const newNonce = () => randomBytes(8).toString('hex')
  return ({ hardware, datasource, asks, later: names }) => {
    const common = { machine, hardware, datasource: dataSourceNamed(datasource), limits, newNonce }
    return asks === 'source'
      ? createSourceBoot(common)
      : createBootTest({ ...common, checks, later: laterChecks.filter(({ name }) => names.includes(name)) })
  }
}
