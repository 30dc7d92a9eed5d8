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
  /** Names of checks for which the guest lives on after its first boot. */
  readonly later: readonly string[]
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

/** What a boot can name, beside its hardware. */
export interface Choices {
  readonly datasources: readonly string[]
  /** Checks for which a guest lives on. */
  readonly later: readonly string[]
}

/** Reads the boot policy. Throws InvalidConfig naming the file, the key, its value and what is allowed. */
export function readBootPolicy(path: string, choices: Choices): BootPolicy {
  return policyOf(readYamlFile(path, bootsSchema, 'the boot policy'), basename(path), choices)
}

/** Reads a boot policy from its text; `name` is what errors call it. */
export function parseBootPolicy(text: string, name: string, choices: Choices): BootPolicy {
  return policyOf(parseYaml(text, name, bootsSchema), name, choices)
}

function policyOf({ boots, images }: BootsFile, file: string, choices: Choices): BootPolicy {
  const refuse = (key: string, reason: string) => new InvalidConfig(`${file}: ${key}: ${reason}`)
  for (const [name, { datasource, asks, later }] of Object.entries(boots)) {
    const assertOneOf = (key: string, known: readonly string[], value: string) => {
      if (!known.includes(value))
        throw refuse(`boots.${name}.${key}`, `expected one of ${known.join(', ')}, got "${value}"`)
    }
    assertOneOf('datasource', choices.datasources, datasource)
    for (const check of later) assertOneOf('later', choices.later, check)
    if (asks === 'source' && later.length > 0)
      throw refuse(`boots.${name}.later`, 'a boot that asks source ends before anything can be asked later')
  }
  const plans = images.map(({ boots: names, tries, after_failure: afterFailure, at_once, ...row }, index) => {
    const key = `images.${String(index)}.boots`
    const twice = names.find((name, at) => names.indexOf(name) !== at)
    if (twice !== undefined) throw refuse(key, `"${twice}" is named twice`)
    const chosen = names.map((name) => {
      const boot = boots[name]
      if (!boot) throw refuse(key, `there is no boot "${name}"; there are ${Object.keys(boots).join(', ')}`)
      const { datasource, asks, later, ...hardware } = boot
      return { name, hardware, datasource, asks, later }
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
