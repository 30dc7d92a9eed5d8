import { readFile, stat } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { candidate, keepImages } from '../testing/drops.ts'
import { blessed, hear } from '../testing/speak.ts'
import { openScene } from '../testing/scene.ts'
import { betaImages } from '../testing/tree.ts'
import { formatChecksum } from './checksum.ts'

describe('CHECKSUM', () => {
  it("has Pungi's lines, sorted by file name", () => {
    const generic = '846574c8a97cd2d8dc1f231062d73107cc85cbbbda56335e264a46e3a6c8ab20'
    const ec2 = '91a3fa09c2a25ba0a0a7c6cd6b2b5e6a7b0b1b5f7d6f0c9a8e7d6c5b4a392817'
    const text = formatChecksum([
      {
        path: 'x86_64/images/Fedora-Cloud-Base-Generic-43-1.6.x86_64.qcow2',
        artifact: { uri: 'artifact:1', sha256: generic, size: 583335936, format: 'qcow2' },
      },
      {
        path: 'x86_64/images/Fedora-Cloud-Base-AmazonEC2-43-1.6.x86_64.raw.xz',
        artifact: { uri: 'artifact:2', sha256: ec2, size: 592568816, format: 'raw.xz' },
      },
    ])
    expect(text).toBe(
      [
        '# Fedora-Cloud-Base-AmazonEC2-43-1.6.x86_64.raw.xz: 592568816 bytes',
        `SHA256 (Fedora-Cloud-Base-AmazonEC2-43-1.6.x86_64.raw.xz) = ${ec2}`,
        '# Fedora-Cloud-Base-Generic-43-1.6.x86_64.qcow2: 583335936 bytes',
        `SHA256 (Fedora-Cloud-Base-Generic-43-1.6.x86_64.qcow2) = ${generic}`,
        '',
      ].join('\n'),
    )
  })
})

describe('images.json', () => {
  it('has the fields and the formats that productmd takes, and tells every image apart', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store))
    await hear(scene, blessed(drop))
    const index = JSON.parse(await readFile(scene.at(`${betaImages}/metadata/images.json`), 'utf8')) as {
      header: unknown
      payload: { compose: unknown; images: Record<string, Record<string, Record<string, unknown>[]>> }
    }
    expect(index.header).toEqual({ type: 'productmd.images', version: '1.2' })
    expect(index.payload.compose).toEqual({ id: drop.compose.id, type: 'production', date: '20130521', respin: 0 })
    const byArch = index.payload.images['CloudImages'] ?? {}
    expect(Object.keys(byArch).toSorted()).toEqual(['i386', 'x86_64'])
    const all = Object.values(byArch).flat()
    expect(all).toHaveLength(8)
    expect(new Set(all.map(({ subvariant, type, arch }) => [subvariant, type, arch].join())).size).toBe(8)
    for (const image of all) {
      expect(Object.keys(image).toSorted().join(' ')).toBe(
        'arch bootable checksums disc_count disc_number format implant_md5 mtime path size subvariant type volume_id',
      )
      expect(['qcow2 qcow2', 'raw-xz raw.xz']).toContain(`${String(image['type'])} ${String(image['format'])}`)
      expect((await stat(scene.at(`${betaImages}/${String(image['path'])}`))).size).toBe(image['size'])
    }
  })
})
