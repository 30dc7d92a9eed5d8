import { expect, it } from 'vitest'
import { readRecipe, recipesFolder } from '../../read-recipe.ts'
import { requestFor } from '../engine.contract.ts'
import { readOzConfig } from './config.ts'
import { domainOf, planOz } from './plan.ts'

const folders = { work: '/jobs/7', cache: '/state/builder' }
const planned = async (env = {}) => {
  const request = { ...(await requestFor()), recipe: await readRecipe('fedora-43', [recipesFolder]) }
  return planOz(request, folders, { config: readOzConfig(env), deadline: 3_600_000 })
}
const contentOf = ({ files }: ReturnType<typeof planOz>, name: string) =>
  String(files.find(({ path }) => path === `/jobs/7/${name}`)?.content)

it('uses short options alone, shows its failures, and cleans up its own earlier tries', async () => {
  expect((await planned()).commands[0]?.argv).toMatchInlineSnapshot(`
    [
      "oz-install",
      "-a",
      "/jobs/7/image.ks",
      "-c",
      "/jobs/7/oz.cfg",
      "-d",
      "4",
      "-p",
      "-t",
      "3540",
      "-s",
      "/jobs/7/output/imagedrop-1cdf8a4e-27ae-45a7-ace5-b671302cf80d.dsk",
      "-x",
      "/jobs/7/output/guest.xml",
      "/jobs/7/image.tdl",
    ]
  `)
})

it('tells Oz to keep everything in the folder of the build', async () => {
  const plan = await planned({ IMAGEDROP_OZ_BRIDGE: 'virbr7', IMAGEDROP_OZ_TYPE: 'qemu' })
  expect(contentOf(plan, 'oz.cfg')).toMatchInlineSnapshot(`
    "[paths]
    output_dir = /jobs/7/output
    data_dir = /jobs/7/data
    screenshot_dir = /jobs/7/screenshots
    sshprivkey = /jobs/7/data/id_rsa

    [libvirt]
    uri = qemu:///system
    image_type = raw
    type = qemu
    bridge_name = virbr7
    memory = 2048
    cpus = 1

    [cache]
    original_media = no
    modified_media = no
    jeos = no

    [timeouts]
    install = 3540
    inactivity = 300
    "
  `)
  expect(contentOf(await planned(), 'oz.cfg')).not.toMatch(/^(type|bridge_name) /m)
})

it('names the machine as no other image does', async () => {
  const plan = await planned()
  expect(domainOf(plan)).toMatch(/^imagedrop-[0-9a-f-]{36}$/)
  expect(contentOf(plan, 'image.tdl')).toContain(`<name>${domainOf(plan)}</name>`)
})
