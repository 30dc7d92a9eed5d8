import { basename, join } from 'node:path'
import { sha256OfFile } from '#artifacts/digest.ts'
import type { Progress } from '#bus/bus.ts'
import { openRawDisk } from '#disk/raw-disk.ts'
import type { Architecture } from '#events/vocabulary.ts'
import { stat } from 'node:fs/promises'
import { createBootTests } from '../../services/boot-tester/boot-tests.ts'
import type { Check, DiskCheck, LaterCheck } from '../../services/boot-tester/checks/check.ts'
import { createCloudBoots, type CloudPlace } from '../../services/boot-tester/cloud-boots.ts'
import { readBootTesterConfig } from '../../services/boot-tester/config.ts'
import { createImageTest } from '../../services/boot-tester/image-test.ts'
import { createJudgeDisk } from '../../services/boot-tester/judge-disk.ts'
import type { Hardware } from '../../services/boot-tester/machines/hardware.ts'
import type { Reported } from '../../services/boot-tester/report/subject.ts'
import type { Environment } from '../command.ts'

/** How a file is to be booted. */
export interface FileTest {
  /** As people call it. */
  readonly name: string
  readonly path: string
  readonly architecture: Architecture
  readonly hardware: Hardware
  /** By name; a boot for each. */
  readonly datasources: readonly string[]
  readonly checks: readonly (Check | DiskCheck)[]
  /** For which the guest lives on after its first boot. */
  readonly later: readonly LaterCheck[]
  /** Where it is booted; null for a machine on this host. */
  readonly cloud: CloudPlace | null
}

interface Surroundings {
  readonly env: Environment
  readonly stateFolder: string
  /** A folder for what has to be unpacked and for what the boots leave. */
  readonly scratch: string
  readonly signal: AbortSignal
  readonly now: () => Date
  readonly progress: (progress: Progress) => void
}

/**
 * Tests a disk (raw, qcow2, VHD, raw.xz) as the boot tester does, without ledger and bus. Throws DiskUnreadable when it is none,
 * and what keeps this host from booting it is in the report.
 */
export async function testFile(
  { name, path, architecture, hardware, datasources, checks, later, cloud }: FileTest,
  { env, stateFolder, scratch, signal, now, progress }: Surroundings,
): Promise<Reported> {
  const config = readBootTesterConfig(env)
  const raw = await openRawDisk(path, { scratch, signal })
  const [{ size }, sha256] = [await stat(raw.path), await sha256OfFile(raw.path, signal)]
  const boots = datasources.map((datasource) => ({
    name: `${hardware.firmware}-${datasource}`,
    hardware,
    datasource,
    asks: 'all' as const,
    later: later.map((check) => check.name),
  }))
  const testImage = createImageTest({
    policy: { planFor: () => ({ boots, tries: 1, afterFailure: 'continue', atOnce: 1 }) },
    bootTestOf: cloud
      ? createCloudBoots({ config, place: cloud, env, now })
      : createBootTests({ config, stateFolder, checks: checks.filter((check) => check.on !== 'disk') }),
    checkDisk: createJudgeDisk(checks.filter((check) => check.on === 'disk')),
    weights: [...checks, ...later],
    known: [],
  })
  // cloud-init names its default user after the distribution, as many files are named.
  const image = { flavour: 'generic', architecture, recipe: basename(path) }
  const subject = { distribution: 'unknown', flavour: image.flavour, architecture }
  const context = { signal, now, progress, workFolder: join(scratch, 'work'), logFolder: join(scratch, 'logs') }
  const report = await testImage({ image, subject, disk: { size }, path: raw.path }, context)
  return { ...report, name, disk: { sha256, size }, testedAt: now() }
}
