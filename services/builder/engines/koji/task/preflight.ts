import { PermanentError } from '#service/errors.ts'
import type { KojiHub } from '../hub/connect.ts'
import type { KojiPlan } from '../order/plan.ts'
import { RecipeRefused } from '../../../recipe.ts'

/**
 * Checks at the hub what the hub itself does not check when a task is ordered, though the task must fail of it later,
 * perhaps after an hour in the queue.
 */
export async function assertBuildable(
  plan: KojiPlan,
  { queries, session }: KojiHub,
  signal?: AbortSignal,
): Promise<void> {
  const target = await queries.target(plan.target, signal)
  if (target === null) throw new PermanentError('environment', `the hub has no build target ${plan.target}`)
  const known = (await queries.architecturesOf(target.buildTag, signal)).map(canonical)
  const strange = plan.architectures.find((one) => !known.includes(canonical(one)))
  if (strange !== undefined) {
    throw new RecipeRefused(
      `${target.buildTag}, which ${plan.target} builds in, has no ${strange}: ${known.join(', ')}`,
    )
  }
  if (
    !plan.scratch &&
    plan.package !== null &&
    !(await queries.isListed(target.destinationTag, plan.package, signal))
  ) {
    const mend = `koji add-pkg --owner USER ${target.destinationTag} ${plan.package}`
    throw new PermanentError(
      'environment',
      `${plan.package} is not listed in ${target.destinationTag}; an administrator runs: ${mend}`,
    )
  }
  const may = await session.ask({ method: 'hasPerm', args: [plan.permission] }, signal)
  const all = may === true || (await session.ask({ method: 'hasPerm', args: ['admin'] }, signal)) === true
  if (!all) throw new PermanentError('environment', `our user at the hub has not the permission ${plan.permission}`)
}

/** The hub takes all architectures of a family for one. */
function canonical(architecture: string): string {
  return /^i[3-6]86$/.test(architecture) ? 'i386' : architecture
}
