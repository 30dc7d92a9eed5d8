import { describe, expect, it } from 'vitest'
import { setUp } from './testing/set-up.ts'

describe('a plan that cannot be made', () => {
  it.each([
    [
      'zstd for readers of before 2013',
      { formats: [{ format: 'qcow2' as const, compat: '0.10' as const, compression: 'zstd' as const }] },
      /qcow2 with compat 0\.10 cannot be compressed with zstd/,
    ],
    [
      'one format twice',
      {
        formats: [
          { format: 'raw.xz' as const, level: 1 },
          { format: 'raw.xz' as const, level: 6 },
        ],
      },
      /raw\.xz is wanted twice/,
    ],
    [
      'a name that no tar can hold',
      { recipe: 'a'.repeat(90) },
      /recipe: a+-ec2-x86_64\.raw is longer than the 99 bytes/,
    ],
  ])('is refused with its reason: %s', async (_, image, reason) => {
    await using scene = await setUp()
    expect(await scene.convert(image)).toMatchObject([
      {
        subject: 'image.failed.v1',
        body: {
          failure: { step: 'converter', class: 'refused', reason: expect.stringMatching(reason) as string, log: null },
        },
      },
    ])
    expect(scene.progress).toEqual([])
  })

  it('is refused when the disk is not whole sectors', async () => {
    await using scene = await setUp({ size: 10_000_001 })
    expect(await scene.convert()).toMatchObject([
      {
        body: {
          failure: { class: 'refused', reason: 'disk: 10000001 bytes are not a whole number of 512-byte sectors' },
        },
      },
    ])
  })
})
