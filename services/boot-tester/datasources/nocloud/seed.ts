import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'

/** What we tell the guest about itself. */
export interface SeedOptions {
  /** Unique, so that every boot is a first boot, and to know our own words again on the console. */
  readonly nonce: string
  /** In OpenSSH's form; the image's default user gets it. */
  readonly publicKey: string
}

/** The line that cloud-init's last stage writes to the console; its group is the name of the default user. */
export function defaultUserLine(nonce: string): RegExp {
  return new RegExp(`imagedrop-${nonce} default-user=<([a-z_][a-z0-9_-]*)>`)
}

/** The files of a NoCloud seed: what a cloud would answer to a machine that asks who it is. */
export function seedFiles({ nonce, publicKey }: SeedOptions): Record<'meta-data' | 'user-data', string> {
  const metaData = {
    'instance-id': `imagedrop-${nonce}`,
    'local-hostname': 'boot-test',
    'public-keys': [publicKey],
  }
  const userData = {
    runcmd: [`echo "imagedrop-${nonce} default-user=<$(getent passwd 1000 | cut -d: -f1)>" >/dev/console`],
  }
  // JSON is YAML, and needs no care with quoting.
  return {
    'meta-data': `${JSON.stringify(metaData, null, 2)}\n`,
    'user-data': `#cloud-config\n${JSON.stringify(userData, null, 2)}\n`,
  }
}

/** Makes the disk by which cloud-init finds its NoCloud data, in `folder`, and gives its path. */
export async function makeSeed(folder: string, options: SeedOptions, signal: AbortSignal): Promise<string> {
  const source = join(folder, 'seed')
  const disk = join(folder, 'seed.iso')
  await mkdir(source, { recursive: true })
  for (const [name, content] of Object.entries(seedFiles(options))) await writeFile(join(source, name), content)
  await run('xorriso', ['-as', 'mkisofs', '-quiet', '-o', disk, '-V', 'cidata', '-J', '-R', source], {
    signal,
    deadline: 60_000,
    log: join(folder, 'seed.log'),
  })
  return disk
}
