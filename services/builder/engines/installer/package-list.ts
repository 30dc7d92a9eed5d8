import { writeFile } from 'node:fs/promises'
import { gather } from '#subprocess/gather.ts'
import { run } from '#subprocess/run.ts'
import { NothingBuilt } from '../engine.ts'
import { partitionsOf } from './partitions.ts'

/** Where an image keeps the list of its packages until it is taken out. */
const listPath = '/.imagedrop-packages.json'

/** Lists the packages of the system that it runs in. */
export const rpmListScript = `{
  printf '{"packages":[\\n'
  rpm --query --all --queryformat '\\{"name":"%{NAME}","version":"%{EVR}","architecture":"%{ARCH}"\\}\\n' |
    LC_ALL=C sort | sed '$!s/$/,/'
  printf ']}\\n'
} > ${listPath}
`

/**
 * Writes the list of packages that a disk holds to a file: what the last script of its kickstart wrote, which is taken
 * out of the disk, or what dpkg has installed. Needs no root: debugfs reads and changes ext4 without mounting it.
 */
export async function takePackageList(disk: string, to: string, signal: AbortSignal): Promise<void> {
  for (const { start } of await partitionsOf(disk)) {
    const fileSystem = `${disk}?offset=${String(start)}`
    const list = await debugfs(fileSystem, `cat ${listPath}`, { signal })
    if (isList(list)) {
      await writeFile(to, list)
      await debugfs(fileSystem, `rm ${listPath}`, { signal, write: true })
      return
    }
    const status = await debugfs(fileSystem, 'cat /var/lib/dpkg/status', { signal })
    if (status.startsWith('Package: ')) {
      await writeFile(to, `${JSON.stringify({ packages: installedBy(status) }, null, 1)}\n`)
      return
    }
  }
  throw new NothingBuilt(`${disk} has no partition with a list of packages`)
}

/** The packages that dpkg's status file says are installed. */
export function installedBy(status: string) {
  return status
    .split('\n\n')
    .map((stanza) => Object.fromEntries([...stanza.matchAll(/^([A-Z][A-Za-z-]*): (.*)$/gm)].map((all) => all.slice(1))))
    .filter((fields) => fields['Status']?.endsWith(' installed'))
    .map(({ Package: name, Version: version, Architecture: architecture }) => ({ name, version, architecture }))
}

function isList(text: string): boolean {
  return /^\{"packages":\[\n[^]*\n\]\}\n$/.test(text)
}

async function debugfs(
  fileSystem: string,
  request: string,
  { signal, write = false }: { signal: AbortSignal; write?: boolean },
): Promise<string> {
  const { output, bytes } = gather()
  const args = [...(write ? ['-w'] : []), '-R', request, fileSystem]
  await run('debugfs', args, { signal, deadline: 60_000, output, okCodes: [0, 1] })
  return bytes().toString()
}
