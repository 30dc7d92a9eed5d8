import { expect } from 'vitest'
import { startHub } from '#test/fakes/koji/hub.ts'
import type { RemoteStandIn } from '../../testing/remote-stand-in.ts'
import { provideDisks } from './disks.ts'

/** A Koji hub with its builder host. */
export const remote: RemoteStandIn = {
  async open() {
    const hub = await startHub()
    const { world, builder } = hub
    const disks = await provideDisks()
    // The compose that every engine is held to the contract with is of version 12.
    const [target] = world.targets
    if (target) world.targets.push({ ...target, id: 12, name: 'f12' })
    const parents = () => [...world.tasks.values()].filter(({ parent }) => parent === null)
    const isOpen = ({ state }: { state: number }) => [0, 1, 4].includes(state)
    return {
      env: {
        IMAGEDROP_KOJI_HUB: hub.url,
        IMAGEDROP_KOJI_LOGIN: 'password',
        IMAGEDROP_KOJI_USER: 'imagedrop',
        IMAGEDROP_KOJI_PASSWORD: 'dummy-password',
      },
      secrets: ['dummy-password'],
      async work(how) {
        const image = { path: how === 'makes a qcow2 under the name of a raw disk' ? disks.qcow2Xz : disks.xz }
        for (const { id } of parents().filter(isOpen)) {
          for (const child of builder.start(id)) {
            if (how === 'ends well without an image') {
              builder.begin(child)
              builder.close(child, { files: [], logs: [], rpmlist: [], task_id: child, arch: 'x86_64' })
            } else if (how === 'makes an image and fails') {
              builder.upload(child, { image: () => image })
              builder.fail(child, 1018, 'Automated install failed or prompted for input.')
            } else {
              builder.make(child, { image: () => (how === 'makes a text' ? 'no disk\n' : image) })
            }
          }
          builder.complete(id)
        }
      },
      orders: () => ({ all: parents().length, open: [...world.tasks.values()].filter(isOpen).length }),
      async hesitate() {
        hub.disturbances.plan({ what: 'delay', milliseconds: 2_000 }, 'buildImageOz')
        const isHeard = () => hub.heard.some(({ name }) => name === 'buildImageOz')
        await expect.poll(isHeard, { timeout: 20_000 }).toBe(true)
      },
      setOnline(isOnline) {
        world.options.offline = isOnline ? null : 'server is offline'
      },
      [Symbol.asyncDispose]: () => hub[Symbol.asyncDispose](),
    }
  },
}
