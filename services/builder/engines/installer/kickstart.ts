import type { ImagePlan } from '#events/vocabulary.ts'
import { answersOf, type Recipe } from '../../recipe.ts'
import type { BuildRequest } from '../engine.ts'
import { rpmListScript } from './package-list.ts'
import { repositoriesOf } from './packages-of.ts'

/**
 * The kickstart of an image as an installer gets it: one file, with where its packages come from before what the recipe
 * says, and the list of its packages after it. `tree` for Anaconda, which installs from the first repository;
 * appliance-creator knows repositories only.
 */
export function kickstartFor(request: BuildRequest, from: 'tree' | 'repositories'): string {
  const [first, ...others] = repositoriesOf(request)
  const named = from === 'tree' ? others : [first, ...others]
  const lines = named.map((url, index) => `repo --name=compose-${String(index + 1)} --baseurl=${url}`)
  const source = from === 'tree' ? [`url --url=${first}`, ...lines] : lines
  return `${source.join('\n')}\n\n${listedKickstart(request.recipe, request.image)}`
}

/** What a recipe says to the installer of an image, with the list of its packages after it. */
export function listedKickstart(recipe: Recipe, image: Pick<ImagePlan, 'flavour' | 'architecture'>): string {
  const { text } = answersOf(recipe, image, ['kickstart'])
  return `${text.trimEnd()}\n\n%post --erroronfail\n${rpmListScript}%end\n`
}
