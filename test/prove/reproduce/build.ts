/** A program that builds Debian 12 in a folder, in a process and perhaps an account of its own, and prints what came of it. */
import { pino } from 'pino'
import { exampleArtifact, exampleCompose, exampleDrop, exampleImage } from '#events/examples.ts'
import { buildAgain } from '../../../cli/reproduce/build-again.ts'
import { findServices } from '../../../cli/services.ts'

const [, , folder = ''] = process.argv
const { built, artifacts } = await buildAgain(
  {
    drop: exampleDrop,
    compose: {
      ...exampleCompose,
      id: 'Debian-12-20260101.0',
      short: 'Debian',
      version: '12',
      date: '20260101',
      // It offers no packages: they are those of the mirror that this host is configured with.
      location: '/srv/compose',
    },
    image: { ...exampleImage, flavour: 'generic', recipe: 'debian-12' },
    disk: exampleArtifact('raw'),
    packages: exampleArtifact('json'),
    engine: { name: 'mkosi', version: 'any', earlier: [] },
    recipe: null,
  },
  {
    folder,
    services: await findServices({}),
    env: {},
    log: pino({ level: 'warn' }, pino.destination(2)),
    signal: AbortSignal.timeout(3_600_000),
    progress: () => {},
  },
)
const { disk, packages, seconds } = built
process.stdout.write(
  JSON.stringify({ sha256: disk.sha256, packages: packages.sha256, seconds, path: await artifacts.open(disk) }),
)
