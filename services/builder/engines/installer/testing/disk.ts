import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** The list that the last script of a kickstart leaves in an image. */
export const packageList =
  '{"packages":[\n{"name":"bash","version":"5.2.37-1.fc43","architecture":"x86_64"},\n' +
  '{"name":"kernel-core","version":"6.17.1-300.fc43","architecture":"x86_64"}\n]}\n'

const megabyte = 1024 * 1024

/** Makes of a path a small disk as an installation leaves it: one partition with ext4, in which these files are. */
export function fillDisk(path: string, files: Readonly<Record<string, string>> = listed): void {
  const folder = mkdtempSync(join(tmpdir(), 'imagedrop-disk-'))
  try {
    const root = join(folder, 'root')
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true })
      writeFileSync(join(root, name), content)
    }
    const partition = join(folder, 'partition')
    execFileSync('mke2fs', ['-q', '-t', 'ext4', '-d', root, partition, '4M'])
    const mbr = Buffer.alloc(megabyte)
    mbr.writeUInt8(0x83, 446 + 4)
    mbr.writeUInt32LE(megabyte / 512, 446 + 8)
    mbr.writeUInt32LE((4 * megabyte) / 512, 446 + 12)
    mbr.writeUInt16BE(0x55aa, 510)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, Buffer.concat([mbr, readFileSync(partition)]))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const listed = { '.imagedrop-packages.json': packageList }
