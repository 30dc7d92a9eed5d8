import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { architecture as architectures, type Architecture } from '#events/vocabulary.ts'
import { messageOf } from '#service/errors.ts'
import { checks, diskChecks, laterChecks } from '../../services/boot-tester/checks/index.ts'
import type { CloudPlace } from '../../services/boot-tester/cloud-boots.ts'
import { novaSourceNames } from '../../services/boot-tester/machines/openstack/sources.ts'
import { plainHardware } from '../../services/boot-tester/machines/hardware.ts'
import { hardwareChoices } from '../../services/boot-tester/plan/boots-file.ts'
import { dataSourceNames } from '../../services/boot-tester/datasources/index.ts'
import type { Reported } from '../../services/boot-tester/report/subject.ts'
import { describeTest } from '../boot-test/document.ts'
import { testFile, type FileTest } from '../boot-test/test-file.ts'
import { writeReport } from '../boot-test/write-report.ts'
import { defineCommand, type Environment } from '../command.ts'
import { findImage } from '../find-image.ts'
import type { Options } from '../option.ts'
import { oneOf, someOf, stateOption } from '../options.ts'
import { waitForEnd } from '../signals.ts'
import { stateFolderOf } from '../stack.ts'
import { UsageError } from '../usage.ts'
import { renderBootTest } from '../view/boot-test.ts'
import { safeText } from '../view/safe-text.ts'

const exits: Readonly<Record<Reported['verdict'], number>> = { passed: 0, failed: 1, errored: 3 }
const allChecks = [...diskChecks, ...checks]
const checkNames = allChecks.map(({ name }) => name)
const laterNames = laterChecks.map(({ name }) => name)

const options = {
  machine: {
    value: 'NAME',
    means:
      'what it is booted in: qemu, here; openstack, a server of a cloud, which is asked less, on its console alone',
    default: 'qemu',
    example: 'openstack',
    read: oneOf(['qemu', 'openstack']),
  },
  cloud: {
    value: 'NAME',
    means: 'for openstack: the cloud of clouds.yaml, as name or name/region',
    otherwise: 'none',
    example: 'mycloud',
    read: cloudNamed,
  },
  flavor: {
    value: 'NAME',
    means: 'for openstack: name or id of the flavor, whose disk must hold the image',
    default: 'm1.small',
    example: 'm1.small',
  },
  network: {
    value: 'NAME',
    means: 'for openstack: none, auto, or the id of a network; without one a guest may wait minutes for it',
    default: 'auto',
    example: 'auto',
  },
  architecture: {
    value: 'NAME',
    means: `of the image: ${architectures.options.join(', ')}`,
    otherwise: 'what its name says, or x86_64',
    example: 'aarch64',
    read: oneOf(architectures.options),
  },
  firmware: {
    value: 'NAME',
    means: `what starts it: ${hardwareChoices.firmware.join(', ')}`,
    otherwise: 'bios; uefi for aarch64',
    example: 'secure-boot',
    read: oneOf(hardwareChoices.firmware),
  },
  chipset: {
    value: 'NAME',
    means: `of the machine: ${hardwareChoices.chipset.join(', ')}`,
    otherwise: 'q35 for UEFI of x86_64, i440fx for BIOS, virt for aarch64',
    example: 'q35',
    read: oneOf(hardwareChoices.chipset),
  },
  disk: {
    value: 'NAME',
    means: `what the image is attached to: ${hardwareChoices.disk.join(', ')}`,
    default: 'virtio',
    example: 'nvme',
    read: oneOf(hardwareChoices.disk),
  },
  tpm: { means: 'the machine has a TPM 2.0' },
  datasource: {
    value: 'NAMES',
    means: `how the guest learns who it is, a boot for each: ${dataSourceNames.join(', ')}; in openstack: ${novaSourceNames.join(', ')}`,
    otherwise: 'nocloud; configdrive-scsi in openstack',
    example: 'nocloud',
    read: someOf(dataSourceNames),
  },
  checks: {
    value: 'NAMES',
    means: `only these checks: ${checkNames.join(', ')}`,
    otherwise: 'all',
    example: 'ssh,failed-units',
    read: someOf(checkNames),
  },
  later: {
    value: 'NAMES',
    means: `let the guest live on after its first boot, for these checks: ${laterNames.join(', ')}`,
    otherwise: 'none; each takes minutes where there is no KVM',
    example: 'second-boot,clean-shutdown',
    read: someOf(laterNames),
  },
  report: {
    value: 'DIR',
    means: 'write the reports (html, json, junit.xml) there, with console logs and screenshots',
    otherwise: 'none are written',
    example: 'report',
  },
  json: { means: 'print one JSON document instead of lines; shared/publishing/boot-test-report.ts has its shape' },
  state: stateOption,
} as const satisfies Options

export const bootTestCommand = defineCommand({
  name: 'boot-test',
  summary: 'boot any image as a cloud would, and say whether it is fit for one',
  argument: {
    name: 'IMAGE',
    means: 'a disk (raw, qcow2, VHD, raw.xz), or an image of a drop by its name: DROP/generic.x86_64',
  },
  options,
  examples: [
    'boot-test debian-12-generic-amd64.qcow2',
    'boot-test --firmware uefi --report report disk.raw.xz',
    'boot-test --machine openstack --cloud mycloud --flavor m1.small disk.qcow2',
  ],
  exits: {
    0: 'the image passed',
    1: 'the image failed a check',
    3: 'this host could not tell, and why is said',
  },
  async run({ values, args: [name = ''], env }) {
    const stateFolder = stateFolderOf(values.state, env)
    const { path } = await findImage(name, { stateFolder, env })
    const architecture = values.architecture ?? architectureIn(name)
    const plain = plainHardware(architecture)
    const firmware = values.firmware ?? plain.firmware
    const chipset = values.chipset ?? (plain.chipset === 'i440fx' && firmware !== 'bios' ? 'q35' : plain.chipset)
    const chosen = allChecks.filter((check) => values.checks?.includes(check.name) ?? true)
    const later = laterChecks.filter((check) => values.later?.includes(check.name) ?? false)
    const hardware = { firmware, chipset, disk: values.disk, tpm: values.tpm }
    const test = { name, path, architecture, hardware, checks: chosen, later, ...whereOf(values) }
    try {
      const { json, report } = values
      return exits[await testAndTell(test, { json, report, stateFolder, env })]
    } catch (error) {
      if (error instanceof UsageError) throw error
      process.stderr.write(`imagedrop: ${safeText(messageOf(error))}\n`)
      return exits.errored
    }
  },
})

interface Where {
  readonly machine: 'qemu' | 'openstack'
  readonly cloud?: Pick<CloudPlace, 'name' | 'region'> | undefined
  readonly flavor: string
  readonly network: string
  readonly datasource?: readonly string[] | undefined
  readonly checks?: readonly string[] | undefined
}

/** Where and by which data sources. */
function whereOf({
  machine,
  cloud,
  flavor,
  network,
  datasource,
  checks: named,
}: Where): Pick<FileTest, 'cloud' | 'datasources'> {
  if (machine === 'qemu') {
    if (cloud) throw new UsageError('--cloud is for --machine openstack')
    return { cloud: null, datasources: datasource ?? ['nocloud'] }
  }
  if (!cloud) throw new UsageError('--machine openstack needs --cloud NAME')
  const foreign = datasource?.find((name) => !novaSourceNames.includes(name))
  if (foreign !== undefined)
    throw new UsageError(`--datasource ${foreign}: in openstack there are ${novaSourceNames.join(', ')}`)
  const unasked = named?.find((name) => checks.some((check) => check.name === name))
  if (unasked !== undefined)
    throw new UsageError(`--checks ${unasked}: a guest in openstack is asked on its console, and only what it learnt`)
  return { cloud: { ...cloud, flavor, network }, datasources: datasource ?? ['configdrive-scsi'] }
}

/** Reads a cloud of clouds.yaml, as `name` or `name/region`. */
function cloudNamed(text: string): Pick<CloudPlace, 'name' | 'region'> {
  const [name = '', region = null, ...more] = text.split('/')
  if (name === '' || region === '' || more.length > 0) throw new Error('expected name or name/region')
  return { name, region }
}

interface Telling {
  readonly json: boolean
  readonly report: string | undefined
  readonly stateFolder: string
  readonly env: Environment
}

async function testAndTell(test: FileTest, { json, report, ...where }: Telling): Promise<Reported['verdict']> {
  const ending = new AbortController()
  void waitForEnd().then((signal) => {
    ending.abort(new Error(`stopped by ${signal}`))
  })
  const scratch = await mkdtemp(join(tmpdir(), 'imagedrop-boot-test-'))
  try {
    const now = () => new Date()
    const found = await testFile(test, { ...where, scratch, now, signal: ending.signal, progress: tellPhases() })
    process.stdout.write(json ? await describeTest(found) : renderBootTest(found))
    if (report !== undefined) await writeReport(report, found)
    return found.verdict
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Each phase once, as it begins. */
function tellPhases(): (progress: { readonly phase: string }) => void {
  let last = ''
  return ({ phase }) => {
    if (phase !== last) process.stderr.write(`${phase}\n`)
    last = phase
  }
}

/** Files are named after their architecture in one of these ways. */
const names: Readonly<Record<Architecture, RegExp>> = {
  aarch64: /aarch64|arm64/i,
  i686: /i[3-6]86/i,
  x86_64: /x86[_-]64|amd64/i,
}

function architectureIn(name: string): Architecture {
  return architectures.options.find((one) => names[one].test(name)) ?? 'x86_64'
}
