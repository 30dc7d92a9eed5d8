import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { TransientError } from '#service/errors.ts'
import type { OpenStack } from '#test/brokers/openstack/openstack.ts'
import { setUp, type Meets } from './bench.ts'
import { blessedWith, converted, digestOf, handle, keepDisks, mirrored, tested } from './events.ts'
import { startMirror } from './mirror.ts'

const path = 'cloud/debian 12/generic.qcow2'

/** How a cloud fetches images from the mirror. Called where a real Glance runs already: it takes long to start. */
export function testDownloads(cloud: () => OpenStack): void {
  describe('a cloud that downloads', () => {
    it('is sent nothing, and fetches what it opens from the open mirror, once, however many ask it', async () => {
      await using download = await openDownload(cloud())
      const { bench, disks, publisher } = download
      const waited = { state: null, since: new Date(0), why: { event: converted(disks) } }
      const uploaded = await handle(bench, tested(disks), { clouds: publisher(), waited })
      expect(uploaded.events).toMatchObject([
        { body: { registrations: [], bytes: 0, missing: [{ target: 'openstack', place: 'one' }] } },
      ])
      const { wait } = await handle(bench, blessedWith(disks), { clouds: publisher() })
      expect(wait).toMatchObject({ for: blessedWith(disks).body.drop, reason: 'the open mirror' })
      expect(await bench.images()).toEqual([])
      const [one, other] = await Promise.all([
        persistently(() => download.toTheEnd()),
        persistently(() => download.toTheEnd()),
      ])
      expect(one).toEqual(other)
      expect(one).toEqual(await download.toTheEnd())
      const sha512 = digestOf(await readFile(await bench.artifacts.open(disks.qcow2)), 'sha512')
      const [image, ...more] = await bench.images()
      expect(more).toEqual([])
      expect(image).toMatchObject({ status: 'active', visibility: 'community', os_hash_value: sha512 })
      expect(one).toMatchObject([
        {
          subject: 'image.published.v1',
          body: { registrations: [{ place: 'one', id: image?.id, details: { sha512 } }] },
        },
      ])
    })

    it.each([1, 2, 3])('killed after its change %i, fetches and opens one image', async (number) => {
      await using download = await openDownload(cloud())
      let changes = 0
      const dying = download.publisher(async ({ method, url }, send) => {
        if (changes >= number) throw new Error('killed')
        const reply = await send()
        if (method !== 'GET' && !url.endsWith('/auth/tokens') && reply.status < 300) changes += 1
        if (changes >= number) throw new Error('killed')
        return reply
      })
      await expect(persistently(() => download.toTheEnd(dying))).rejects.toThrow('killed')
      await persistently(() => download.toTheEnd())
      expect(await download.bench.images()).toMatchObject([{ status: 'active', visibility: 'community' }])
    })

    it('is said to have failed when it could not fetch, and fetches again when it is asked anew', async () => {
      await using download = await openDownload(cloud())
      const { bench, mirror, toTheEnd } = download
      const right = mirror.content
      mirror.content = null
      const failed = persistently(() => toTheEnd())
      await expect(failed).rejects.toThrow(
        /^one: \S+ from http:.*generic\.qcow2: Task failed .*\(can the cloud reach that address/,
      )
      await expect(failed).rejects.toMatchObject({ failureClass: 'refused' })
      mirror.content = right
      await persistently(() => toTheEnd())
      expect(await bench.images()).toMatchObject([{ status: 'active', visibility: 'community' }])
    })

    it('opens nothing that is not the image, and keeps nothing of it', async () => {
      await using download = await openDownload(cloud())
      const { bench, mirror, toTheEnd } = download
      const other = await keepDisks(bench.artifacts)
      mirror.content = await readFile(await bench.artifacts.open(other.qcow2))
      await expect(persistently(() => toTheEnd())).rejects.toThrow(/what it fetched from http:.* is not the image/)
      expect(await bench.images()).toEqual([])
    })

    it('may not allow the address: then it is said what to do', async () => {
      await using download = await openDownload(cloud())
      const { bench, disks, publisher } = download
      const waited = { state: null, since: new Date(0), why: { event: mirrored(disks, path) } }
      const elsewhere = { ...bench, mirrorUrl: 'http://127.0.0.1:9/' }
      const failed = persistently(() => handle(elsewhere, blessedWith(disks), { clouds: publisher(), waited }))
      await expect(failed).rejects.toThrow(
        /does not pass filtering: .*\(does the cloud allow web-download from there\?/,
      )
    })
  })
}

/** A publisher of such a cloud, a mirror, and a blessing that was carried out up to the open mirror. */
async function openDownload(cloud: OpenStack) {
  const bench = await setUp(cloud)
  const mirror = await startMirror(cloud.mirror)
  const disks = await keepDisks(bench.artifacts)
  mirror.content = await readFile(await bench.artifacts.open(disks.qcow2))
  const publisher = (meets?: Meets) => bench.publisher({ IMAGEDROP_OPENSTACK_PUBLISHER_DOWNLOADS: 'one' }, meets)
  const mirrorAt = { ...bench, mirrorUrl: mirror.url }
  const woken = { state: null, since: new Date(0), why: { event: mirrored(disks, path) } }
  /** Looks until the image is there or it is said why not. */
  const toTheEnd = async (clouds = publisher()) => {
    let { events, wait } = await handle(mirrorAt, blessedWith(disks), { clouds, waited: woken })
    while (wait !== undefined) {
      expect(wait).toMatchObject({ for: null, reason: 'the clouds to fetch the images' })
      await sleep(100)
      const waited = { state: wait.state, since: new Date(0), why: 'time' } as const
      ;({ events, wait } = await handle(mirrorAt, blessedWith(disks), { clouds, waited }))
    }
    return events
  }
  const dispose = async () => {
    await mirror[Symbol.asyncDispose]()
    await bench[Symbol.asyncDispose]()
  }
  return { bench, mirror, disks, publisher, toTheEnd, [Symbol.asyncDispose]: dispose }
}

/** As the runtime does: Glance on SQLite answers 500 when two write at once. */
async function persistently<Result>(act: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await act()
    } catch (error) {
      if (tries === 5 || !(error instanceof TransientError)) throw error
    }
    await sleep(tries * 100)
  }
}
