import { expect, it } from 'vitest'
import { readRecipe, recipesFolder } from '../../read-recipe.ts'
import { requestFor } from '../engine.contract.ts'
import { planAppliance } from './plan.ts'

const folders = { work: '/jobs/7', cache: '/state/builder' }
const requestOf = async (architecture: 'i686' | 'x86_64') => ({
  ...(await requestFor({ architecture })),
  recipe: await readRecipe('fedora-19', [recipesFolder]),
})

it('asks for the one kind of disk that it makes rightly', async () => {
  const plan = planAppliance(await requestOf('x86_64'), folders)
  expect(plan.commands[0]?.argv).toMatchInlineSnapshot(`
    [
      "appliance-creator",
      "--config=/jobs/7/image.ks",
      "--name=fedora-19-generic",
      "--version=19",
      "--release=20260101.0",
      "--vmem=1024",
      "--vcpu=1",
      "--format=raw",
      "--no-compress",
      "--package=none",
      "--outdir=/jobs/7/output",
      "--tmpdir=/jobs/7/tmp",
      "--cache=/state/builder/packages/fedora-19-x86_64",
      "--debug",
      "--verbose",
      "--logfile=/jobs/7/logs/appliance.log",
    ]
  `)
  expect(plan.disk).toBe('/jobs/7/output/fedora-19-generic/fedora-19-generic-sda.raw')
})

it('has the package manager believe that it runs on 32 bits where the image does', async () => {
  const plan = planAppliance(await requestOf('i686'), folders)
  expect(plan.commands[0]?.argv.slice(0, 3)).toEqual(['setarch', 'i686', 'appliance-creator'])
})

it('is told of repositories only, for it knows no installation tree', async () => {
  const { files } = planAppliance(await requestOf('i686'), folders)
  const kickstart = String(files.find(({ path }) => path === '/jobs/7/image.ks')?.content)
  expect(kickstart).toMatch(/^repo --name=compose-1 --baseurl=https:\/\/\S+\/19\/Everything\/i386\/os\n\n/)
  expect(kickstart).not.toMatch(/^url /m)
})
