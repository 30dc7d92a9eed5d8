import { expect, it } from 'vitest'
import { readRecipe, recipesFolder } from '../../read-recipe.ts'
import { requestFor } from '../engine.contract.ts'
import { planImagefactory, shim } from './plan.ts'

it('orders one image from the library, in the folder of the build', async () => {
  const request = { ...(await requestFor()), recipe: await readRecipe('fedora-19', [recipesFolder]) }
  const plan = planImagefactory(request, { work: '/jobs/7', cache: '/state/builder' }, 3_600_000)
  expect(plan.commands).toEqual([{ name: 'image', argv: ['python3', shim, '/jobs/7/order.json'] }])
  expect(plan.files.map(({ path }) => path)).toEqual(['/jobs/7/image.tdl', '/jobs/7/image.ks', '/jobs/7/order.json'])
  expect(JSON.parse(String(plan.files[2]?.content))).toMatchInlineSnapshot(`
    {
      "answers": "/jobs/7/image.ks",
      "disk": "/jobs/7/output/image.raw",
      "identifier": "/jobs/7/identifier",
      "machine": "/jobs/7/output/guest.xml",
      "template": "/jobs/7/image.tdl",
      "timeout": 3540,
      "work": "/jobs/7",
    }
  `)
})
