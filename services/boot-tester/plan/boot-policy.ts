import { basename } from 'node:path'
import { InvalidConfig } from '#service/config.ts'
import { PermanentError } from '#service/errors.ts'
import { parseYaml, readYamlFile } from '#service/yaml-file.ts'
import type { Hardware } from '../machines/hardware.ts'
import { bootsSchema, type BootsFile } from './boots-file.ts'
import { isAbout, type Subject } from './subject.ts'

/** One boot that an image is tested by. */
export interface Boot {
  readonly name: string
  readonly hardware: Hardware
  /** By its name. */
  readonly datasource: string
  /** `source`: a short boot, which ends when the guest has told what it learnt from its cloud. */
  readonly asks: 'all' | 'source'
}

/** The boots of one image, and what becomes of them when one fails. */
export interface BootPlan {
  readonly boots: readonly Boot[]
  /** How often a boot that fails is tried. Every try counts. */
  readonly tries: number
  readonly afterFailure: 'continue' | 'stop'
  /** How many boots are made at the same time; one after the other where a failure ends the rest. */
  readonly atOnce: number
}

/** Which boots an image is tested by. */
export interface BootPolicy {
  /** Throws PermanentError when no row of the policy is about the image. */
  readonly planFor: (subject: Subject) => BootPlan
}

/** Reads the boot policy. Throws InvalidConfig naming the file, the key, its value and what is allowed. */
export function readBootPolicy(path: string, datasources: readonly string[]): BootPolicy {
  return policyOf(readYamlFile(path, bootsSchema, 'the boot policy'), basename(path), datasources)
}

/** Reads a boot policy from its text; `name` is what errors call it. */
export function parseBootPolicy(text: string, name: string, datasources: readonly string[]): BootPolicy {
  return policyOf(parseYaml(text, name, bootsSchema), name, datasources)
}

function policyOf({ boots, images }: BootsFile, file: string, datasources: readonly string[]): BootPolicy {
  const refuse = (key: string, reason: string) => new InvalidConfig(`${file}: ${key}: ${reason}`)
  for (const [name, { datasource }] of Object.entries(boots)) {
    if (!datasources.includes(datasource))
      throw refuse(`boots.${name}.datasource`, `expected one of ${datasources.join(', ')}, got "${datasource}"`)
  }
  const plans = images.map(({ boots: names, tries, after_failure: afterFailure, at_once, ...row }, index) => {
    const key = `images.${String(index)}.boots`
    const twice = names.find((name, at) => names.indexOf(name) !== at)
    if (twice !== undefined) throw refuse(key, `"${twice}" is named twice`)
    const chosen = names.map((name) => {
      const boot = boots[name]
      if (!boot) throw refuse(key, `there is no boot "${name}"; there are ${Object.keys(boots).join(', ')}`)
      const { datasource, asks, ...hardware } = boot
      return { name, hardware, datasource, asks }
    })
    return { row, plan: { boots: chosen, tries, afterFailure, atOnce: afterFailure === 'stop' ? 1 : at_once } }
  })
  return {
    planFor(subject) {
      const found = plans.find(({ row }) => isAbout(row, subject))
      if (found) return found.plan
      const { distribution, flavour, architecture } = subject
      const image = `${flavour}.${architecture} of ${distribution}`
      throw new PermanentError('environment', `${file}: images: no row says how to boot ${image}`)
    },
  }
}
