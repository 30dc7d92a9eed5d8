import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readIfThere } from '#files/durable.ts'
import { createMkosiEngine } from '../../services/builder/engines/mkosi/engine.ts'
import { buildDebian } from '../prove/support/build-debian.ts'
import { sentAfter, type SentShare } from './blocks-sent.ts'
import { convertOnce, type Converted } from './convert.ts'
import { measureUsage, type Usage } from './usage.ts'

/** What one flavour took, and what another took after it. */
export interface FlavourFigures {
  readonly builds: { readonly first: Usage; readonly second: Usage }
  readonly conversions: { readonly first: Converted; readonly second: Converted }
  /** Processor time of build and conversion, the second over the first. */
  readonly ratio: number
  readonly sent: SentShare
}

const limits = { deadline: 3_600_000, idleDeadline: 900_000 }

/**
 * Builds both flavours of Debian 12 for x86_64, one after the other, and converts them, each with what the first left. Disks that
 * are in the folder from a run before are taken as they are, with what they took.
 */
export async function measureFlavours(folder: string, level: number): Promise<FlavourFigures> {
  const generic = await build('generic', folder)
  const ec2 = await build('ec2', folder)
  const pieces = join(folder, 'pieces')
  await rm(pieces, { recursive: true, force: true })
  const first = await convertOnce(generic.disk, pieces, level)
  const second = await convertOnce(ec2.disk, pieces, level)
  const processor = (built: Usage, converted: Converted) => built.processor + converted.usage.processor
  return {
    builds: { first: generic.usage, second: ec2.usage },
    conversions: { first, second },
    ratio: processor(ec2.usage, second) / processor(generic.usage, first),
    sent: await sentAfter(generic.disk, ec2.disk),
  }
}

interface Build {
  readonly disk: string
  readonly usage: Usage
}

async function build(flavour: string, folder: string): Promise<Build> {
  const note = join(folder, `${flavour}.json`)
  const known = await readIfThere(note)
  if (known !== null) return JSON.parse(String(known)) as Build
  const place = join(folder, flavour)
  await mkdir(place, { recursive: true })
  const cache = join(folder, 'cache')
  const { result: disk, usage } = await measureUsage(() =>
    buildDebian(createMkosiEngine(limits), place, { flavour, cache }),
  )
  if (disk === null) throw new Error(`the image ${flavour} was not built; see ${place}`)
  await writeFile(note, JSON.stringify({ disk, usage }))
  return { disk, usage }
}
