import { measureBoot, measureSources } from './boot.ts'
import { measureBusRates, measurePublishRates } from './bus-rates.ts'
import { measureClouds } from './clouds.ts'
import { measureCompeting } from './competing.ts'
import { measureConvert, measureMemory } from './convert.ts'
import { measureIdleServices } from './idle-services.ts'
import { measureIntake } from './intake.ts'
import { dropImages, dropParts, leastWall, measureDropPart, readDropFigures } from './drop.ts'
import { measureFlavours } from './flavours.ts'
import { measureGrowth, measureManyProcesses, type Stretch } from './many-processes.ts'
import { measureNullDrops } from './null-drops.ts'
import { measureLargeDrop, measurePublish, type PublishTimes } from './publish.ts'
import { measureSite } from './site.ts'
import { measureStart } from './start.ts'
import { measureTaking } from './taking-jobs.ts'
import { measureWaiting } from './waiting-jobs.ts'
import { measureWeek } from './week.ts'

/**
 * `npm run bench [-- PART…]`: the figures of docs/performance.md. Without a part, those that a laptop can measure in a
 * minute with nothing else installed. `processes:500`, `growth:5000`, `taking:1000` and `publish:100` take fewer drops, `taking:20000,sqlite` one ledger, `waiting:1000`
 * fewer jobs, `bus:4000` and `bus-publish:4000` fewer messages; `boot:/path/disk.raw` and `sources:/path/disk.raw` name the image,
 * `convert:/path/disk.raw,6` the disk and the level of xz, `memory:/path/disk.raw,2+40` the disk and its sizes in GiB,
 * `clouds:/path/disk.raw,/path/coldsnap,rates+sizes+copies` the disk, the program that it is measured beside and what of it. `flavours:/path,6` builds in a folder,
 * and `week:/path/disk.raw,/path` takes a disk of it and another folder. `drop:/path` makes drops in a folder; `drop:/path,generic.i686+ec2.i686,script` makes
 * these images by this part alone, and tells it beside the parts that were made there before. Times in milliseconds, memory in MB.
 */
const parts: Readonly<Record<string, (count?: number, text?: string) => Promise<void>>> = {
  async embedded() {
    print({ ...(await measureStart()), ...(await measureNullDrops(50)) })
  },
  async idle() {
    for (const { service, ready, memory } of await measureIdleServices())
      print({ [`${service}, ready`]: ready, memory })
  },
  async intake(messages = 4_000) {
    print(await measureIntake(messages))
  },
  async boot(_count, image) {
    print(await measureBoot(diskOf('boot', image)))
  },
  async sources(_count, image) {
    print(await measureSources(diskOf('sources', image)))
  },
  async convert(_count, disk) {
    const [path = '', level = '6'] = disk?.split(',') ?? []
    if (path === '')
      throw new Error('convert: expected a raw disk and perhaps a level of xz, as convert:/path/disk.raw,1')
    for (const [name, { usage, sizes }] of Object.entries(await measureConvert(path, Number(level)))) {
      print({
        [`${name}, wall s`]: round(usage.wall),
        '  processor s': round(usage.processor),
        '  memory MB': round(usage.memory),
      })
      print(sizes)
    }
  },
  async memory(_count, text) {
    const [disk = '', sizes = '2+40'] = text?.split(',') ?? []
    if (disk === '')
      throw new Error('memory: expected a raw disk, as memory:/path/disk.raw or memory:/path/disk.raw,2+8')
    for (const size of sizes.split('+')) {
      print({ [`a disk of ${size} GiB, converted in MB (goal 400)`]: round(await measureMemory(disk, Number(size))) })
    }
  },
  async clouds(_count, given) {
    const [path = '', coldsnap = 'coldsnap', what = 'rates+sizes+copies'] = given?.split(',') ?? []
    const disk = diskOf('clouds', path === '' ? undefined : path)
    for await (const { name, figures } of measureClouds(disk, coldsnap, what.split('+'))) {
      console.info(name)
      for (const [figure, value] of Object.entries(figures)) print({ [`  ${figure}`]: round(value, 2) })
    }
  },
  async flavours(_count, where) {
    const [folder = '', level = '6'] = where?.split(',') ?? []
    if (folder === '') throw new Error('flavours: expected a folder to build in, as flavours:/tmp/flavours')
    const { builds, conversions, ratio, sent } = await measureFlavours(folder, Number(level))
    for (const which of ['first', 'second'] as const) {
      print({
        [`${which} flavour, built in processor s`]: round(builds[which].processor),
        '  converted in processor s': round(conversions[which].usage.processor),
      })
    }
    print({
      'second against the first (goal 0.35)': round(ratio, 3),
      'blocks of 512 KiB sent of it (goal 0.15)': round(sent.sent / sent.all, 3),
    })
  },
  async drop(_count, where) {
    const [folder = '', list = dropImages.join('+'), parts = dropParts.join('+')] = where?.split(',') ?? []
    if (folder === '') throw new Error('drop: expected a folder to work in, as drop:/tmp/drop')
    const images = list.split('+')
    for (const part of parts.split('+')) await measureDropPart(folder, part, images)
    const script = await readDropFigures(folder, 'script', images)
    for (const part of dropParts) {
      const figures = await readDropFigures(folder, part, images)
      if (figures === null) continue
      const { wall, processor, ours } = figures
      print({ [`${part}, wall s`]: round(wall), '  processor s': round(processor) })
      if (part === 'script') continue
      print({
        '  of that our own process': round(ours),
        '  wall to processor of the tools / cores (goal 1.1)': round(wall / leastWall(figures), 2),
      })
      if (script) print({ '  times as fast as the script (goal 2.5)': round(script.wall / wall, 2) })
    }
  },
  async week(_count, where) {
    const [disk = '', folder = ''] = where?.split(',') ?? []
    if (folder === '') throw new Error('week: expected a disk of Debian and a folder, as week:/path/disk.raw,/tmp/week')
    const { packages, changed, sent } = await measureWeek(disk, folder)
    print({ packages, 'of which changed': changed })
    print({ 'blocks of 512 KiB sent a week later (goal 0.15)': round(sent.sent / sent.all, 3) })
  },
  async bus(messages = 20_000) {
    const rates = await measureBusRates(messages)
    print(rates)
    const [ours = 0, alone = 1] = ['ours', 'amqplib alone'].map((who) => rates[`publish, ${who}, messages/s`])
    print({ 'publish, ours to amqplib alone (goal 0.75)': round(ours / alone, 2) })
  },
  async 'bus-publish'(messages = 20_000) {
    for (const { name, perSecond, ours, broker } of await measurePublishRates(messages)) {
      print({ [`publish, ${name}, messages/s`]: perSecond, '  processor us a message, process': ours, broker })
    }
  },
  async processes(drops = 2_000) {
    for (const each of [1, 2, 4]) printStretch(`${String(each)} of each`, await measureManyProcesses(each, drops))
  },
  async competing(drops = 24) {
    for (const each of [1, 4, 1, 4]) {
      const { perSecond, ours, database, commits } = await measureCompeting(each, drops)
      print({
        [`${String(each)} of each, drops/s`]: perSecond,
        '  processor ms per drop, ours': ours,
        database,
        commits,
      })
    }
  },
  async growth(drops = 20_000) {
    const { first, last } = await measureGrowth(drops)
    printStretch('the first hundred drops', first)
    printStretch(`the last hundred of ${String(drops)}`, last)
  },
  async site() {
    for (const drops of [1, 60, 500]) {
      const { sizes, ...times } = await measureSite(drops)
      console.info(`${String(drops)} drops`)
      for (const [name, value] of Object.entries(times)) print({ [name]: Math.round(value) })
      print(sizes)
    }
  },
  async publish(most = 500) {
    const mirrors = [
      { drops: 4, releases: 1 },
      { drops: 100, releases: 1 },
      { drops: most, releases: 1 },
      { drops: most, releases: 10 },
    ]
    for (const [index, times] of (await measurePublish(mirrors)).entries()) {
      const { drops = 0, releases = 0 } = mirrors[index] ?? {}
      printPublish(`beside ${String(drops)} drops of ${String(releases)} releases`, times)
    }
    const { bytes, ...times } = await measureLargeDrop(64 * 1024 ** 2)
    printPublish(`${String(Math.round(bytes / 1024 ** 2))} MiB of images`, times)
  },
  async taking(_count, text) {
    const [drops = '20000', ledgers = 'postgres+sqlite'] = text?.split(',') ?? []
    for await (const { name, past, figures } of measureTaking(Number(drops), ledgers.split('+'))) {
      print({
        [`${name}, jobs in the past`]: past.jobs,
        'of which wait': past.waiting,
        'made in s': round(past.seconds),
      })
      for (const [what, { young, old }] of Object.entries(figures)) {
        const goal = what === 'taking a job, p95 ms' ? ' (goal 5)' : ''
        console.info(`${`${name}, ${what}${goal}`.padEnd(52)} ${String(young).padEnd(8)} ${String(old)}`)
      }
    }
  },
  async waiting(jobs = 10_000) {
    for (const { name, figures } of await measureWaiting(jobs)) {
      for (const [what, { none, many }] of Object.entries(figures)) {
        console.info(`${`${name}, ${what}`.padEnd(44)} ${String(none).padEnd(8)} ${String(many)}`)
      }
    }
  },
}

const wanted = process.argv.slice(2)
for (const part of wanted.length === 0 ? ['embedded'] : wanted) {
  const [name = '', drops] = part.split(':')
  const measure = parts[name]
  if (!measure) throw new Error(`there is no part ${name}; there are ${Object.keys(parts).join(', ')}`)
  await measure(drops === undefined ? undefined : Number(drops), drops)
}

function round(figure: number, digits = 1): number {
  return Number(figure.toFixed(digits))
}

function diskOf(part: string, image: string | undefined): string {
  if (image !== undefined) return image
  throw new Error(`${part}: expected a raw disk that runs cloud-init, as ${part}:/path/disk.raw`)
}

function printStretch(name: string, { perSecond, p50, p95, p99, cost }: Stretch): void {
  print({ [`${name}, drops/s`]: perSecond, p50, p95, p99 })
  const { ours, broker, database } = cost
  print({ '  processor ms per drop, ours': ours, broker, database })
}

function printPublish(name: string, { staging, opening }: PublishTimes): void {
  print({ [`${name}, staged`]: staging.wall, '  processor': staging.processor })
  print({ [`${name}, opened`]: opening.wall, '  processor': opening.processor })
}

function print(figures: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(figures)) console.info(`${name.padEnd(44)} ${String(value)}`)
}
