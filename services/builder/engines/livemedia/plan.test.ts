import { expect, it } from 'vitest'
import { readRecipe, recipesFolder } from '../../read-recipe.ts'
import { requestFor } from '../engine.contract.ts'
import { readLivemediaConfig } from './config.ts'
import { planLivemedia } from './plan.ts'

const folders = { work: '/jobs/7', cache: '/state/builder' }
const requestOf = async (recipe: string, architecture: 'i686' | 'x86_64' | 'aarch64') => ({
  ...(await requestFor({ architecture })),
  recipe: await readRecipe(recipe, [recipesFolder]),
})
const settings = (env = {}) => ({ config: readLivemediaConfig(env), deadline: 3_600_000 })
const commandOf = ({ commands }: ReturnType<typeof planLivemedia>) => commands[0]?.argv

it('installs on this host, and ends before the builder ends it', async () => {
  const plan = planLivemedia(await requestOf('fedora-43', 'x86_64'), folders, settings())
  expect(commandOf(plan)).toMatchInlineSnapshot(`
    [
      "livemedia-creator",
      "--make-disk",
      "--no-virt",
      "--ks=/jobs/7/image.ks",
      "--releasever=43",
      "--project=Fedora",
      "--image-name=image.raw",
      "--resultdir=/jobs/7/output",
      "--logfile=/jobs/7/logs/livemedia.log",
      "--tmp=/jobs/7/tmp",
      "--timeout=59",
    ]
  `)
  expect(plan.disk).toBe('/jobs/7/output/image.raw')
})

it('installs in a virtual machine when it has an installer to start there, also 32-bit', async () => {
  const env = { IMAGEDROP_LIVEMEDIA_ISO: '/srv/boot.iso', IMAGEDROP_LIVEMEDIA_KVM: 'false' }
  const plan = planLivemedia(await requestOf('fedora-19', 'i686'), folders, settings(env))
  expect(commandOf(plan)).toMatchInlineSnapshot(`
    [
      "livemedia-creator",
      "--make-disk",
      "--iso=/srv/boot.iso",
      "--ram=3072",
      "--vcpus=2",
      "--arch=i386",
      "--no-kvm",
      "--ks=/jobs/7/image.ks",
      "--releasever=19",
      "--project=Fedora",
      "--image-name=image.raw",
      "--resultdir=/jobs/7/output",
      "--logfile=/jobs/7/logs/livemedia.log",
      "--tmp=/jobs/7/tmp",
      "--timeout=59",
    ]
  `)
})

it('hands over the kickstart with the tree of the compose, and its other repositories', async () => {
  const repositories = ['http://c.example.org/Everything/x86_64/os', 'http://c.example.org/extra']
  const request = { ...(await requestOf('fedora-43', 'x86_64')), sources: { kind: 'dnf' as const, repositories } }
  const { files } = planLivemedia(request, folders, settings())
  expect(files.find(({ path }) => path === '/jobs/7/image.ks')?.content).toMatch(
    /^url --url=http:\/\/c\.example\.org\/Everything\/x86_64\/os\nrepo --name=compose-1 --baseurl=http:\/\/c\.example\.org\/extra\n\n[^]*%post --erroronfail\n\{[^]*imagedrop-packages\.json\n%end\n$/,
  )
})

it('has no virtual machine for another architecture: the next engine may', async () => {
  const request = await requestOf('fedora-43', 'aarch64')
  const planned = () => planLivemedia(request, folders, settings({ IMAGEDROP_LIVEMEDIA_ISO: '/srv/boot.iso' }))
  expect(planned).toThrow(expect.objectContaining({ failureClass: 'environment' }))
})
