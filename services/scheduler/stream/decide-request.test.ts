import { describe, expect, it } from 'vitest'
import { nightly } from '../compose/testing/example-messages.ts'
import { everyNight, Stream } from './testing/told-stream.ts'

describe('a drop that a person asks for', () => {
  const now = '2026-07-17T09:00:00Z'

  it('is made at once, and counts as that of the week', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    expect(await stream.hears(nightly('44', '20260716'), now, { images: null })).toEqual([
      'weekly-Fedora-44-20260716.n.0',
    ])
    expect(await stream.hears(nightly('44', '20260717'), now)).toEqual([])
    expect(stream.reaches('2026-07-20T06:00:00Z')).toEqual(['weekly-Fedora-44-20260717.n.0'])
  })

  it('has only the images that are named', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260716'), now, { images: ['generic.x86_64'] })
    expect(stream.last.events[0]?.body).toMatchObject({ images: [{ flavour: 'generic', architecture: 'x86_64' }] })
  })

  it('is refused with the known images when one is not known', async () => {
    const stream = new Stream()
    await expect(
      stream.hears(nightly('44', '20260716'), now, { images: ['generic.x86_64', 'azure.x86_64'] }),
    ).rejects.toThrow(
      'images: expected images of Fedora-44-20260716.n.0, which are generic.x86_64, generic.aarch64, ec2.x86_64, ec2.aarch64, got "azure.x86_64"',
    )
  })

  it('may be of an older compose, and leaves the newest to the cadence', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    await stream.hears(nightly('44', '20260716'), '2026-07-16T09:00:00Z')
    expect(await stream.hears(nightly('44', '20260701'), now, { images: null })).toEqual([
      'weekly-Fedora-44-20260701.n.0',
    ])
    expect(stream.reaches('2026-07-20T06:00:00Z')).toEqual(['weekly-Fedora-44-20260716.n.0'])
  })

  it('is made of a compose that has a nightly drop already', async () => {
    const stream = new Stream(everyNight)
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    await stream.hears(nightly('44', '20260715'), '2026-07-15T09:00:00Z')
    expect(await stream.hears(nightly('44', '20260715'), now, { images: null })).toEqual([
      'weekly-Fedora-44-20260715.n.0',
    ])
  })

  it('is the same one when it is asked for twice', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260716'), now, { images: null })
    expect(await stream.hears(nightly('44', '20260716'), now, { images: null })).toEqual([])
  })
})
