import { execFile } from 'node:child_process'
import { chmod, lstat, mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { sha256OfFile } from '#artifacts/digest.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import type { DropReady } from '#events/drop-ready.ts'
import { dropStaged } from '#events/drop-staged.ts'
import { mirrorPublisher } from './service.ts'
import { candidate, keepImages, weekly } from './testing/drops.ts'
import { blessed, expired, failureOf, hear, ready, superseded, treeOf } from './testing/speak.ts'
import { openScene, type Scene } from './testing/scene.ts'

const images = 'releases/test/19-Beta/Images'
/** The mirror's root while nothing is open: indexes, which tell of no file. */
const closedRoot = ['.staging', 'releases.json', 'streams']

async function modeOf(path: string): Promise<string> {
  return ((await lstat(path)).mode & 0o777).toString(8)
}

/** What this process has read until now, of whatever files. */
async function bytesRead(): Promise<number> {
  return Number(/^rchar: (\d+)$/m.exec(await readFile('/proc/self/io', 'utf8'))?.[1])
}

/** The first artifact of an image, damaged in the store with its size kept. */
async function damage({ store }: Scene, drop: DropReady): Promise<void> {
  const ref = drop.images[0]?.artifacts[0]
  if (!ref) throw new Error('the drop has no artifact')
  await writeFile(await store.open(ref), Buffer.alloc(ref.size, 'x'))
}

describe('a drop that is ready', () => {
  it('is staged whole and closed, as hard links of the artifacts', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store))
    const { path, files } = treeOf(await hear(scene, ready(drop)), dropStaged)

    expect(path).toBe(images)
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
      const cwd = scene.at(`${images}/${arch}`)
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
    const before = await stat(scene.at(images))
    expect(await hear(scene, blessed(drop))).toEqual(first)
    treeOf(await hear(scene, ready(drop)), dropStaged)
    expect(await hear(scene, blessed(drop))).toEqual(first)
    expect((await stat(scene.at(images))).ino).toBe(before.ino)
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
    expect((await stat(scene.at(`${images}/x86_64/Fedora-x86_64-19-Beta-1.1-sda.qcow2`))).size).toBe(1_000_000)
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
    const arm = scene.at(`${images}/armhfp/Fedora-armhfp-19-Beta-1-sda.raw.xz`)
    await mkdir(dirname(arm), { recursive: true })
    await writeFile(arm, 'not ours')
    const drop = candidate(1, await keepImages(scene.store))
    for (const event of [ready(drop), blessed(drop)]) {
      const failure = failureOf(await hear(scene, event))
      expect(failure.class).toBe('refused')
      expect(failure.reason).toContain('Images holds what imagedrop did not put there (armhfp, armhfp/Fedora-armhfp')
    }
    expect(await readdir(scene.at(images))).toEqual(['armhfp'])
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
    expect((await readdir(scene.at(`${images}/x86_64`))).filter((name) => name.includes('Beta-1.1'))).toEqual([])
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
    await writeFile(scene.at(`${images}/x86_64/README`), 'by hand')
    const newer = candidate(2, await keepImages(scene.store))
    expect(failureOf(await hear(scene, blessed(newer))).reason).toContain('(x86_64/README)')
    await expect(hear(scene, expired(older))).rejects.toThrow('(x86_64/README)')
    expect(await readFile(scene.at(`${images}/x86_64/README`), 'utf8')).toBe('by hand')
  })
})

describe('a drop that is over', () => {
  it('is withdrawn when it was staged, and again when told again', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store))
    await hear(scene, ready(drop))
    expect(await hear(scene, superseded(drop))).toEqual([])
    expect(await hear(scene, superseded(drop))).toEqual([])
    expect(await readdir(scene.at('.staging'))).toEqual([])
  })

  it('leaves a note when it was open; the artifacts stay in the store, the index tells the mirrors', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store))
    await hear(scene, blessed(drop))
    expect(await readFile(scene.at('fullfiletimelist-imagedrop'), 'utf8')).toContain('sda.qcow2')
    expect(await hear(scene, expired(drop))).toEqual([])
    expect((await readdir(scene.at(images))).toSorted()).toEqual(['README', 'index.html', 'withdrawn.json'])
    expect(await readFile(scene.at('fullfiletimelist-imagedrop'), 'utf8')).not.toContain('sda.qcow2')
    for (const ref of drop.images.flatMap(({ artifacts }) => artifacts)) await scene.store.verify(ref)
    expect(await hear(scene, expired(drop))).toEqual([])
  })

  it('leaves every index when it expires, and its files go when the grace time is over', async () => {
    await using opened = await openScene()
    const scene = { ...opened, mirror: { ...opened.mirror, grace: 3_600_000 } }
    const drop = weekly(1, await keepImages(scene.store))
    const { files } = treeOf(await hear(scene, blessed(drop)), dropMirrored)
    const event = expired(drop)
    const at = (minutes: number) => ({
      ...scene.context,
      now: () => new Date(Date.parse(event.time) + minutes * 60_000),
    })
    for (const minutes of [0, 1, 59]) {
      const result = await mirrorPublisher.handle(event, scene.mirror, at(minutes))
      expect(result).toEqual({
        events: [],
        wait: {
          for: null,
          until: at(60).now(),
          reason: 'the end of the grace time of its files',
          kind: 'planned',
          state: null,
        },
      })
      for (const { path, sha256 } of files) expect(await sha256OfFile(scene.at(path))).toBe(sha256)
      const folder = `alt/cloud/weekly/${drop.compose.id}`
      const indexes = await readdir(scene.at('streams'), { recursive: true, withFileTypes: true })
      for (const index of indexes.filter((entry) => entry.isFile())) {
        expect(await readFile(join(index.parentPath, index.name), 'utf8')).not.toContain(`${folder}/`)
      }
      // What mirrors copy is all that is there.
      expect(await readFile(scene.at('fullfiletimelist-imagedrop'), 'utf8')).toContain(`${folder}/drop.json`)
      await expect(lstat(scene.at('alt/cloud/weekly/latest-Fedora-Rawhide'))).rejects.toThrow('ENOENT')
    }
    for (const _twice of [1, 2]) {
      expect(await mirrorPublisher.handle(event, scene.mirror, at(60))).toEqual([])
      expect((await readdir(scene.at(`alt/cloud/weekly/${drop.compose.id}`))).toSorted()).toEqual([
        'README',
        'index.html',
        'withdrawn.json',
      ])
    }
  })

  it('gives its place to another candidate within its grace time, and takes nothing of that one away', async () => {
    await using opened = await openScene()
    const scene = { ...opened, mirror: { ...opened.mirror, grace: 3_600_000 } }
    const older = candidate(1, await keepImages(scene.store))
    const newer = candidate(2, await keepImages(scene.store))
    await hear(scene, blessed(older))
    await hear(scene, expired(older))
    const { files } = treeOf(await hear(scene, blessed(newer)), dropMirrored)
    const later = { ...scene, context: { ...scene.context, now: () => new Date('2030-01-01T00:00:00Z') } }
    expect(await hear(later, expired(older))).toEqual([])
    for (const { path, sha256 } of files) expect(await sha256OfFile(scene.at(path))).toBe(sha256)
  })

  it('says in its place why, and what to use instead', async () => {
    await using scene = await openScene()
    const first = weekly(1, await keepImages(scene.store))
    const second = weekly(2, await keepImages(scene.store))
    await hear(scene, blessed(first))
    await hear(scene, blessed(second))
    const event = superseded(second)
    await hear(scene, { ...event, body: { ...event.body, reason: 'it accepts <any> password' } })
    const folder = `alt/cloud/weekly/${second.compose.id}`
    expect(JSON.parse(await readFile(scene.at(`${folder}/withdrawn.json`), 'utf8'))).toMatchObject({
      drop: second.drop,
      state: 'withdrawn',
      by: 'dgilmore',
      reason: 'it accepts <any> password',
      successor: { drop: first.drop, path: `alt/cloud/weekly/${first.compose.id}` },
    })
    expect(await readFile(scene.at(`${folder}/README`), 'utf8')).toContain(`Use ${first.drop} instead.`)
    const page = await readFile(scene.at(`${folder}/index.html`), 'utf8')
    expect(page).toContain('it accepts &lt;any&gt; password')
    expect(page).toContain(`href="../${first.compose.id}/"`)
  })

  it('is no reason to make anything when it never came to the mirror', async () => {
    await using scene = await openScene()
    expect(await hear(scene, superseded({ ...candidate(1, []), images: [] }))).toEqual([])
    expect(await readdir(scene.mirror.root)).toEqual([
      '.staging',
      'fullfiletimelist-imagedrop',
      'releases.json',
      'streams',
    ])
  })
})
