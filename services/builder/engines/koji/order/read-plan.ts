import { join } from 'node:path'
import { readKojiDescription } from './description.ts'
import { flattenKickstart } from './kickstart.ts'
import { kickstartOf, planKoji, type KojiPlan, type KojiRequest } from './plan.ts'

/** Where what a recipe says to Koji is. */
export interface RecipePlace {
  /** The recipe's own folder; what is for Koji is in `koji` below it. */
  readonly folder: string
  /** All recipes: kickstarts include what is in here, and nothing else. */
  readonly root: string
}

/** Plans a build with what its recipe says. The same request and recipe give the same plan. */
export function readPlan(request: KojiRequest, { folder, root }: RecipePlace): KojiPlan {
  const description = readKojiDescription(folder)
  const name = kickstartOf(description, request.image.flavour)
  return planKoji(request, description, name === null ? null : flattenKickstart(join(folder, 'koji', name), root))
}
