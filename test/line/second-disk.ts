import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createFolderStore } from '#artifacts/folder.ts'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt, type ImageBuilt } from '#events/image-built.ts'
import { imageRequested } from '#events/image-requested.ts'
import type { CheckResult } from '#events/vocabulary.ts'
import { testContext } from '#test/support/context.ts'
import { noCloud } from '../../services/boot-tester/datasources/nocloud/datasource.ts'
import { createBootTest } from '../../services/boot-tester/boot-test.ts'
import { passedIf, type GuestCheck } from '../../services/boot-tester/checks/check.ts'
import { checks } from '../../services/boot-tester/checks/index.ts'
import { createQemu } from '../../services/boot-tester/machines/qemu/qemu.ts'
import { emulators } from '../../services/boot-tester/machines/qemu/emulators.ts'
import { createMkosiEngine } from '../../services/builder/engines/mkosi/engine.ts'
import { readHostMirror } from '../../services/builder/packages/host-mirror.ts'
import { recipesFolder } from '../../services/builder/read-recipe.ts'
import { builder } from '../../services/builder/service.ts'
import { debianDisk } from './debian-disk.ts'

/** Builds an image in a state folder. */
export async function buildImage(
  { drop, compose, image }: Pick<ImageBuilt, 'drop' | 'compose' | 'image'>,
  stateFolder: string,
): Promise<ImageBuilt> {
  const artifacts = await createFolderStore(join(stateFolder, 'artifacts'))
  const engine = createMkosiEngine({ deadline: 600_000, idleDeadline: 300_000 })
  const dependencies = {
    engines: new Map([[engine.id, engine]]),
    onlyEngine: engine.id,
    artifacts,
    cacheFolder: join(stateFolder, 'builder'),
    recipes: [recipesFolder],
    packages: { mirror: null, hostMirror: readHostMirror, fetch, requireSecurity: false },
  }
  const requested = seal(say(imageRequested, { drop, compose, image }), { now: new Date() })
  const said = await builder.handle(requested, dependencies, {
    ...testContext({ folder: join(stateFolder, image.flavour) }),
    state: null,
  })
  if (!('length' in said)) throw new Error('the builder keeps no state')
  const [built] = said
  if (built?.subject !== imageBuilt.subject) throw new Error(`${image.flavour} was not built`)
  return built.body
}

/**
 * Boots a built disk on a machine that finds another image's disk first, as a cloud's machine with a second volume may;
 * gives the outcome of every check, and of two more: that the root file system is the image's own, and that cloud-init has
 * left the package sources as they were.
 */
export async function bootBesideAnother(
  built: ImageBuilt,
  { disk }: ImageBuilt,
  stateFolder: string,
): Promise<CheckResult[]> {
  const artifacts = await createFolderStore(join(stateFolder, 'artifacts'))
  const [path, other] = [await artifacts.open(built.disk), await artifacts.open(disk)]
  const context = testContext({ folder: join(stateFolder, 'second-disk') })
  const tool = join(context.workFolder, 'qemu-with-another-disk')
  await writeFile(tool, qemuWith(other), { mode: 0o755 })
  const machine = createQemu({
    memoryMib: 1024,
    processors: 2,
    growBytes: 1024 ** 3,
    accelerator: 'auto',
    stateFolder: join(stateFolder, 'boot-tester'),
    proveKvmWithin: 15_000,
    emulators: { ...emulators, x86_64: { ...emulators.x86_64, tool } },
  })
  const ownRoot = ownRootCheck(await debianDisk(path).uuid(), await debianDisk(other).uuid())
  const bootTest = createBootTest({
    datasource: noCloud,
    machine,
    checks: [...checks, ownRoot, packageSources],
    limits: { idle: 180_000, total: 600_000 },
    newNonce: () => 'c0ffee',
  })
  return (await bootTest({ ...built, path }, context)).checks
}

/** What its checks are besides. */
const plainly = { severity: 'error', rule: '', since: null } as const

function ownRootCheck(own: string, other: string): GuestCheck {
  return {
    name: 'own-root',
    description: "the root file system is the image's own, though another image's disk was found first",
    ...plainly,
    on: 'guest',
    script: 'lsblk --noheadings --nodeps --output UUID /dev/vda3 "$(findmnt --noheadings --output SOURCE /)"',
    judge: ({ output }) => passedIf(output === `${other}\n${own}`, output),
  }
}

const packageSources: GuestCheck = {
  name: 'package-sources',
  description: "apt takes packages from Debian's public archive, and from nowhere else, after cloud-init has run",
  ...plainly,
  on: 'guest',
  script: [
    'cd /etc/apt',
    'cat mirrors/debian.list mirrors/debian-security.list',
    'find sources.list* -type f',
    `apt-get --print-uris update | cut -d "'" -f 2 | grep InRelease`,
  ].join('\n'),
  judge: ({ output }) =>
    passedIf(
      output ===
        [
          'https://deb.debian.org/debian',
          'https://deb.debian.org/debian-security',
          'sources.list.d/debian.sources',
          'mirror+file:/etc/apt/mirrors/debian.list/dists/bookworm/InRelease',
          'mirror+file:/etc/apt/mirrors/debian.list/dists/bookworm-updates/InRelease',
          'mirror+file:/etc/apt/mirrors/debian.list/dists/bookworm-backports/InRelease',
          'mirror+file:/etc/apt/mirrors/debian-security.list/dists/bookworm-security/InRelease',
        ].join('\n'),
      output,
    ),
}

/** A QEMU that has the other disk in the first place, while the firmware starts from the disk that it is given. */
function qemuWith(other: string): string {
  return `#!/bin/sh
exec ${emulators.x86_64.tool} -drive file='${other}',if=none,id=other,format=raw,snapshot=on \\
  -device virtio-blk-pci,drive=other "$@"
`
}
