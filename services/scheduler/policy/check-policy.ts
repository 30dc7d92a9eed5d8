import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { dropKind, mirror } from '#events/vocabulary.ts'
import { InvalidConfig } from '#service/config.ts'
import { foldersBelow } from '#service/discover.ts'
import { takesFlavour, type Step } from '#service/step.ts'
import { enginesFor } from './engines-for.ts'
import type { PolicyFile, TargetPublisher } from './policy.ts'

/** What there is besides the policy: the steps that services declare, and the folders that recipes are found in. */
export interface Surroundings {
  readonly steps: readonly Step[]
  readonly roots: readonly string[]
}

/**
 * Holds a policy to what there is: a recipe has a folder for each flavour, and each target a publisher that takes the
 * flavour and finds the formats that it needs. Resolves the targets to their publishers. Throws InvalidConfig.
 */
export function checkPolicy(policy: PolicyFile, name: string, { steps, roots }: Surroundings): TargetPublisher[] {
  const recipes = foldersBelow(roots, 'services/builder/recipes')
  const refuse = (key: string, reason: string) => new InvalidConfig(`${name}: ${key}: ${reason}`)
  const engines = foldersBelow(roots, 'services/builder/engines')
  for (const distribution of policy.distributions) {
    const { recipe, flavours } = distribution
    for (const { engine } of distribution.engines) {
      if (!engines.some((folder) => existsSync(join(folder, engine, 'engine.ts')))) {
        throw refuse('distributions.engines', `there is no build engine "${engine}"`)
      }
    }
    const without = dropKind.options.flatMap((kind) =>
      distribution.architectures
        .filter((architecture) => enginesFor(distribution, kind, architecture).length === 0)
        .map((architecture) => `${kind} drops of ${architecture}`),
    )
    if (without[0] !== undefined) throw refuse('distributions.engines', `${recipe}: none is for ${without[0]}`)
    for (const flavour of flavours) {
      if (!policy.targets[flavour]) throw refuse(`targets.${flavour}`, 'expected where images of this flavour go')
      if (!recipes.some((folder) => existsSync(join(folder, recipe, flavour)))) {
        throw refuse('distributions.flavours', `the recipe ${recipe} has no folder for the flavour "${flavour}"`)
      }
    }
  }
  for (const [flavour, targets] of Object.entries(policy.targets)) {
    for (const target of targets) {
      const reason = target === mirror ? null : whyNotTo(target, flavour, policy, steps)
      if (reason !== null) throw refuse(`targets.${flavour}`, reason)
    }
  }
  const named = new Set(Object.values(policy.targets).flat())
  return steps.flatMap(({ service, publishes }) => {
    if (!publishes || !named.has(publishes.target)) return []
    const { target, after, milestones = null } = publishes
    return [{ publisher: { target, service, after }, milestones }]
  })
}

function whyNotTo(target: string, flavour: string, policy: PolicyFile, steps: readonly Step[]): string | null {
  const publishers = steps.flatMap(({ publishes }) => publishes ?? [])
  const publishing = publishers.find((one) => one.target === target)
  if (!publishing) {
    return `expected ${[mirror, ...publishers.map((one) => one.target)].join(' or ')}, got "${target}"`
  }
  if (!takesFlavour(publishing, flavour)) {
    return `${publishing.title} takes images of the flavours ${publishing.flavours?.join(', ') ?? ''} only`
  }
  const { from } = publishing
  if (from !== undefined && !policy.targets[flavour]?.includes(from))
    return `${publishing.title} goes by what is published to ${from}, which has to be named too`
  for (const [kind, plans] of Object.entries(policy.formats)) {
    const lacking = publishing.formats.find((format) => !plans.some((plan) => plan.format === format))
    if (lacking !== undefined) return `${publishing.title} needs the format ${lacking}, which formats.${kind} lacks`
  }
  return null
}
