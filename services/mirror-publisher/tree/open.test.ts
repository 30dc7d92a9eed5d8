import { execFile } from 'node:child_process'
import { chmod, lstat, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { sha256OfFile } from '#artifacts/digest.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { dropStaged } from '#events/drop-staged.ts'
import { candidate, keepImages } from '../testing/drops.ts'
import { blessed, expired, failureOf, hear, ready, superseded, treeOf } from '../testing/speak.ts'
import { openScene } from '../testing/scene.ts'
import { betaImages, closedRoot, damage, modeOf } from '../testing/tree.ts'

describe('a drop that is blessed', () => {
  it('is open with the modes of a mirror, and sha256sum accepts every folder', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store))
    const staged = treeOf(await hear(scene, ready(drop)), dropStaged)
    const mirrored = treeOf(await hear(scene, blessed(drop)), dropMirrored)
    expect(mirrored).toEqual({ ...staged, images: drop.images })
    expect(await readdir(scene.at('.staging'))).toEqual([])

    for (const { path, sha256 } of mirrored.files) {
      expect(await sha256OfFile(scene.at(path))).toBe(sha256)
      expect(await modeOf(scene.at(path))).toBe('644')
      for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
        expect(await modeOf(scene.at(folder))).toBe('755')
      }
    }
    for (const arch of ['i386', 'x86_64']) {
      const cwd = scene.at(`${betaImages}/${arch}`)
      const name = `Fedora-Images-${arch}-19-Beta-CHECKSUM`
      const { stdout } = await promisify(execFile)('sha256sum', ['--check', '--strict', name], { cwd })
      expect(stdout.match(/: OK$/gm)).toHaveLength(8)
    }
  })

  it('is opened once: delivered again, even after `ready` came again, it says the same', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store))
    await hear(scene, ready(drop))
    const first = await hear(scene, blessed(drop))
    const before = await stat(scene.at(betaImages))
    expect(await hear(scene, blessed(drop))).toEqual(first)
    treeOf(await hear(scene, ready(drop)), dropStaged)
    expect(await hear(scene, blessed(drop))).toEqual(first)
    expect((await stat(scene.at(betaImages))).ino).toBe(before.ino)
    expect(await readdir(scene.at('.staging'))).toEqual([])
  })

  it('is staged first when the staged tree was lost', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store))
    expect(treeOf(await hear(scene, blessed(drop)), dropMirrored).files).toHaveLength(49)
  })

  it('is not read again: its files were when it was staged', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store, 1_000_000))
    await hear(scene, ready(drop))
    const before = await bytesRead()
    await hear(scene, blessed(drop))
    expect((await bytesRead()) - before).toBeLessThan(2_000_000)
    expect((await stat(scene.at(`${betaImages}/x86_64/Fedora-x86_64-19-Beta-1.1-sda.qcow2`))).size).toBe(1_000_000)
  })

  it('stays closed when a file was corrupted while it waited', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store))
    await hear(scene, ready(drop))
    await damage(scene, drop)
    expect(failureOf(await hear(scene, blessed(drop))).reason).toContain('sda.qcow2 is corrupted')
    expect(await readdir(scene.mirror.root)).toEqual(closedRoot)
    expect(await readdir(scene.at('.staging'))).toEqual([])
  })

  it('stands beside the install images, which are neither touched nor hidden', async () => {
    await using scene = await openScene()
    const iso = scene.at('releases/test/19-Beta/Fedora/x86_64/iso/Fedora-19-Beta-x86_64-netinst.iso')
    await mkdir(dirname(iso), { recursive: true })
    await chmod(scene.at('releases/test/19-Beta'), 0o750)
    await writeFile(iso, 'install me')
    const before = await lstat(iso)
    const drop = candidate(1, await keepImages(scene.store))
    await hear(scene, blessed(drop))
    await hear(scene, expired(drop))
    await hear(scene, blessed(drop))
    expect(await lstat(iso)).toEqual(before)
    expect(await modeOf(scene.at('releases/test/19-Beta'))).toBe('750')
    expect((await readdir(scene.at('releases/test/19-Beta'))).toSorted()).toEqual(['Fedora', 'Images'])
  })

  it('is refused, already when it is staged, where others hold its place', async () => {
    await using scene = await openScene()
    const arm = scene.at(`${betaImages}/armhfp/Fedora-armhfp-19-Beta-1-sda.raw.xz`)
    await mkdir(dirname(arm), { recursive: true })
    await writeFile(arm, 'not ours')
    const drop = candidate(1, await keepImages(scene.store))
    for (const event of [ready(drop), blessed(drop)]) {
      const failure = failureOf(await hear(scene, event))
      expect(failure.class).toBe('refused')
      expect(failure.reason).toContain('Images holds what imagedrop did not put there (armhfp, armhfp/Fedora-armhfp')
    }
    expect(await readdir(scene.at(betaImages))).toEqual(['armhfp'])
  })

  it('replaces an older candidate, and whatever comes late for that one changes nothing', async () => {
    await using scene = await openScene()
    const older = candidate(1, await keepImages(scene.store))
    const newer = candidate(2, await keepImages(scene.store))
    await hear(scene, blessed(older))
    await hear(scene, ready(newer))
    const { files } = treeOf(await hear(scene, blessed(newer)), dropMirrored)
    expect(await readdir(scene.at('.staging'))).toEqual([])

    expect(failureOf(await hear(scene, blessed(older))).reason).toContain(`holds the newer ${newer.drop}`)
    expect(await hear(scene, superseded(older))).toEqual([])
    for (const { path, sha256 } of files) expect(await sha256OfFile(scene.at(path))).toBe(sha256)
    expect((await readdir(scene.at(`${betaImages}/x86_64`))).filter((name) => name.includes('Beta-1.1'))).toEqual([])
  })

  it('replaces itself when a retry brought more images', async () => {
    await using scene = await openScene()
    const some = await keepImages(scene.store)
    await hear(scene, blessed(candidate(1, some.slice(0, 2))))
    const { files } = treeOf(await hear(scene, blessed(candidate(1, some))), dropMirrored)
    expect(files).toHaveLength(49)
    for (const { path, sha256 } of files) expect(await sha256OfFile(scene.at(path))).toBe(sha256)
    expect(await readdir(scene.at('.staging'))).toEqual([])
  })

  it('never takes a file of others away with the candidate it replaces', async () => {
    await using scene = await openScene()
    const older = candidate(1, await keepImages(scene.store))
    await hear(scene, blessed(older))
    await writeFile(scene.at(`${betaImages}/x86_64/README`), 'by hand')
    const newer = candidate(2, await keepImages(scene.store))
    expect(failureOf(await hear(scene, blessed(newer))).reason).toContain('(x86_64/README)')
    await expect(hear(scene, expired(older))).rejects.toThrow('(x86_64/README)')
    expect(await readFile(scene.at(`${betaImages}/x86_64/README`), 'utf8')).toBe('by hand')
  })
})

/** What this process has read until now, of whatever files. */
async function bytesRead(): Promise<number> {
  return Number(/^rchar: (\d+)$/m.exec(await readFile('/proc/self/io', 'utf8'))?.[1])
}
