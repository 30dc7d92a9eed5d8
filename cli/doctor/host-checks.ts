import { constants } from 'node:fs'
import { access, open, readFile, statfs } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import type { Finding, HostCheck, HostView } from '#service/host-check.ts'
import { run } from '#subprocess/run.ts'
import { nearestFolder } from '../state-folder.ts'

const gibibyte = 2 ** 30
/** Four Debian images with every format, their build folders, and the boot tests' overlays. */
const roomForADrop = 10 * gibibyte
/** One machine under test with 1 GiB, and multi-threaded xz. */
const memoryForADrop = 3 * gibibyte

/** What the host itself must offer, besides tools. */
export const hostChecks: readonly HostCheck[] = [
  {
    name: 'Node',
    weight: 'needed',
    look: () => atLeast(process.versions.node, 24),
    cost: 'imagedrop does not start: it is TypeScript run as it is, and needs node:sqlite',
    fix: 'npx imagedrop, which brings its own Node; or npm ci',
  },
  {
    name: 'KVM',
    weight: 'better',
    look: lookAtKvm,
    cost: 'machines under test are emulated (TCG): a boot takes about ten times as long',
    fix: 'sudo modprobe kvm-intel || sudo modprobe kvm-amd; sudo usermod --append --groups kvm "$USER"',
  },
  {
    name: 'user namespaces',
    weight: 'needed',
    look: lookAtNamespaces,
    cost: 'mkosi cannot build images without being root',
    fix: 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 kernel.unprivileged_userns_clone=1',
  },
  {
    name: 'subordinate ids',
    weight: 'needed',
    look: lookAtSubordinateIds,
    cost: 'files in images cannot belong to anybody but root',
    fix: 'sudo usermod --add-subuids 524288-589823 --add-subgids 524288-589823 "$USER"',
  },
  {
    name: 'disk space',
    weight: 'needed',
    look: lookAtDisk,
    cost: 'a drop of four images needs 10 GiB while it is made',
    fix: 'imagedrop drop --state FOLDER, on a larger disk',
  },
  {
    name: 'memory',
    weight: 'better',
    look: () => enough(totalmem(), memoryForADrop),
    cost: 'builds, compression and boots may push each other into swap',
    fix: 'imagedrop drop --images generic.x86_64, one image at a time',
  },
  {
    name: 'processors',
    weight: 'better',
    look: () =>
      availableParallelism() > 1 ? { found: String(availableParallelism()) } : { missing: 'there is only one' },
    cost: 'nothing is done side by side',
    fix: 'give this machine a second processor',
  },
  {
    name: 'mail server',
    weight: 'extra',
    look: ({ env }) => settingFor(env, ['IMAGEDROP_ANNOUNCER_SMTP_URL']),
    cost: 'announcements are written to the state folder and mailed to nobody',
    fix: 'export IMAGEDROP_ANNOUNCER_SMTP_URL=smtp://mail.example.org IMAGEDROP_ANNOUNCER_TO=list@example.org',
  },
]

function atLeast(version: string, minimum: number): Finding {
  const found = Number.parseInt(version, 10) >= minimum
  return found ? { found: version } : { missing: `version ${version}, wanted ${String(minimum)} or newer` }
}

/** Says only that the device opens: whether a guest runs, the boot tester proves with a short boot. */
async function lookAtKvm({ kvmDevice }: HostView): Promise<Finding> {
  try {
    await using _device = await open(kvmDevice, 'r+')
    return { found: `${kvmDevice} opens; the boot tester proves it with a short boot` }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return { missing: `${kvmDevice} cannot be opened (${code})` }
  }
}

async function lookAtNamespaces({ isRoot }: HostView): Promise<Finding> {
  const args = isRoot ? ['--mount', 'true'] : ['--user', '--map-root-user', '--mount', 'true']
  await run('unshare', args, { deadline: 10_000 })
  return { found: isRoot ? 'root can make namespaces' : 'can be made without root' }
}

async function lookAtSubordinateIds({ isRoot, user }: HostView): Promise<Finding> {
  if (isRoot) return { found: 'root needs none' }
  const lines = (await readFile('/etc/subuid', 'utf8')).split('\n')
  const range = lines.find((line) => line.startsWith(`${user}:`))
  return range === undefined ? { missing: `/etc/subuid has no line for ${user}` } : { found: range }
}

async function lookAtDisk({ stateFolder }: HostView): Promise<Finding> {
  // The state folder itself is made by the first drop.
  const folder = await nearestFolder(stateFolder)
  await access(folder, constants.W_OK)
  const { bavail, bsize } = await statfs(folder)
  return enough(bavail * bsize, roomForADrop)
}

function enough(bytes: number, wanted: number): Finding {
  const said = `${(bytes / gibibyte).toFixed(1)} GiB`
  return bytes >= wanted ? { found: said } : { missing: `${said}, wanted ${String(wanted / gibibyte)} GiB` }
}

function settingFor(env: HostView['env'], names: readonly string[]): Finding {
  const set = names.find((name) => (env[name] ?? '') !== '')
  return set === undefined ? { missing: `${names.join(', ')}: not set` } : { found: `${set} is set` }
}
