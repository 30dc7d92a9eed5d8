import { mkdir, readdir, readFile, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sha256OfFile } from '#artifacts/digest.ts'
import { dropStaged } from '#events/drop-staged.ts'
import { mirrorPublisher } from '../service.ts'
import { candidate, keepImages } from '../testing/drops.ts'
import { failureOf, hear, ready, treeOf } from '../testing/speak.ts'
import { openScene } from '../testing/scene.ts'
import { betaImages, closedRoot, damage, modeOf } from '../testing/tree.ts'

describe('a drop that is ready', () => {
  it('is staged whole and closed, as hard links of the artifacts', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store))
    const { path, files } = treeOf(await hear(scene, ready(drop)), dropStaged)

    expect(path).toBe(betaImages)
    expect(await readdir(scene.mirror.root)).toEqual(closedRoot)
    expect(await modeOf(scene.at('.staging'))).toBe('700')
    expect(await modeOf(scene.at(`.staging/${drop.drop}`))).toBe('700')
    // 4 images in 3 formats, with a package list, 3 documents, how it was made and 2 files of the boot test each; CHECKSUM and SHA256SUMS
    // for both architectures; README, composeinfo.json, images.json, drop.json, SHA256SUMS
    expect(files).toHaveLength(4 * (4 + 3 + 1 + 2) + 2 * 2 + 5)
    for (const file of files) {
      const at = join(scene.at(`.staging/${drop.drop}`), file.path.slice(path.length + 1))
      expect(await sha256OfFile(at)).toBe(file.sha256)
      expect((await stat(at)).size).toBe(file.size)
      const isKept = file.image !== null || /\.(description\.txt|console\.log|screenshot\.png)$/.test(file.path)
      expect((await stat(at)).nlink).toBe(isKept ? 2 : 1)
    }
  })

  it('leaves failed images, and images for other targets, out of tree, CHECKSUM and index', async () => {
    await using scene = await openScene()
    const [first, second, third, ...rest] = await keepImages(scene.store)
    if (!first || !second || !third) throw new Error('four images were made')
    const elsewhere = { ...second, image: { ...second.image, targets: ['ec2' as const] } }
    const drop = candidate(1, [{ ...first, outcome: 'failed' }, elsewhere, third, ...rest])
    const { files } = treeOf(await hear(scene, ready(drop)), dropStaged)

    expect(new Set(files.map(({ image }) => image))).toEqual(new Set(['ec2.i686', 'ec2.x86_64', null]))
    const staged = scene.at(`.staging/${drop.drop}`)
    const checksum = await readFile(join(staged, 'i386/Fedora-Images-i386-19-Beta-CHECKSUM'), 'utf8')
    expect(checksum.match(/^SHA256 \(.*$/gm)).toHaveLength(4)
    expect(checksum).not.toContain('(Fedora-i386-')
    expect(await readFile(join(staged, 'metadata/images.json'), 'utf8')).not.toContain('Fedora-i386-')
  })

  it('is staged once: delivered again it changes nothing and says the same', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store))
    const first = await hear(scene, ready(drop))
    const before = await stat(scene.at(`.staging/${drop.drop}`))
    expect(await hear(scene, ready(drop))).toEqual(first)
    expect((await stat(scene.at(`.staging/${drop.drop}`))).ino).toBe(before.ino)
  })

  it('is staged anew when its images changed, and leftovers of a killed attempt are cleared', async () => {
    await using scene = await openScene()
    const some = await keepImages(scene.store)
    await hear(scene, ready(candidate(1, some.slice(0, 2))))
    await mkdir(scene.at('.staging/.partial-milestone-Fedora-19-20130521.0/half'), { recursive: true })
    const { files } = treeOf(await hear(scene, ready(candidate(1, some))), dropStaged)
    expect(files).toHaveLength(49)
    expect(await readdir(scene.at('.staging'))).toEqual(['milestone-Fedora-19-20130521.0'])
  })

  it('fails with the name of the file when an artifact is corrupted, and nothing stays staged', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store))
    await damage(scene, drop)
    const failure = failureOf(await hear(scene, ready(drop)))
    expect(failure).toMatchObject({ step: 'mirror-publisher', class: 'environment' })
    expect(failure.reason).toMatch(/^i386\/Fedora-i386-19-Beta-1\.1-sda\.qcow2 is corrupted: its SHA-256 is /)
    expect(await readdir(scene.at('.staging'))).toEqual([])
  })

  it('fails when an artifact is cut short or gone', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store))
    const ref = drop.images[0]?.artifacts[0]
    if (!ref) throw new Error('the drop has no artifact')
    await truncate(await scene.store.open(ref), 10)
    expect(failureOf(await hear(scene, ready(drop))).reason).toContain('has 10 bytes instead of 2000')
    const gone = { ...ref, sha256: 'f'.repeat(64) }
    const lost = candidate(
      1,
      drop.images.map((image) => ({ ...image, artifacts: image.artifacts.with(0, gone) })),
    )
    expect(failureOf(await hear(scene, ready(lost))).reason).toContain(`${gone.sha256} (qcow2) is not in`)
    expect(await readdir(scene.at('.staging'))).toEqual([])
  })

  it('fails when no image is left to publish', async () => {
    await using scene = await openScene()
    const all = await keepImages(scene.store)
    const drop = candidate(
      1,
      all.map((image) => ({ ...image, outcome: 'failed' as const })),
    )
    expect(failureOf(await hear(scene, ready(drop)))).toMatchObject({ class: 'refused' })
  })

  it('stops when the job is cancelled, and nothing stays staged', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store))
    const context = { ...scene.context, signal: AbortSignal.abort(new Error('stopped')) }
    await expect(mirrorPublisher.handle(ready(drop), scene.mirror, context)).rejects.toThrow('stopped')
    expect(await readdir(scene.at('.staging'))).toEqual([])
  })
})
