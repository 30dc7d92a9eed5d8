import { access, constants, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Finding, HostCheck, HostView } from '#service/host-check.ts'
import { run } from '#subprocess/run.ts'

const table = new URL('../../deploy/host-tools.txt', import.meta.url)

/** One check for each tool that the host set-up installs or tells of: the same table as deploy/setup.sh reads. */
export async function readToolChecks(file: string | URL = table): Promise<HostCheck[]> {
  const lines = (await readFile(file, 'utf8')).split('\n')
  return lines.filter((line) => line.trim() !== '' && !line.startsWith('#')).flatMap(parseTool)
}

function parseTool(line: string): HostCheck[] {
  const [purpose, commands, minimum, apt, dnf, ...words] = line.trim().split(/\s+/)
  if (!commands || !minimum || !apt || !dnf) throw new Error(`host-tools.txt: a line lacks columns: ${line}`)
  if (purpose !== 'run' && purpose !== 'extra') return []
  const names = commands.split('|')
  return [
    {
      name: names[0] ?? commands,
      weight: purpose === 'run' ? 'needed' : 'extra',
      look: (host) => lookFor(names, minimum === '-' ? null : Number(minimum), host),
      cost: words.join(' '),
      fix: purpose === 'run' ? 'bash deploy/setup.sh run' : installation({ 'apt-get': apt, dnf }),
    },
  ]
}

/** A family that has no package of a tool has `-` in its column. */
function installation(packages: Readonly<Record<string, string>>): string {
  const ways = Object.entries(packages).filter(([, name]) => name !== '-')
  return ways.map(([manager, name]) => `${manager} install ${name}`).join(', or ')
}

async function lookFor(names: readonly string[], minimum: number | null, host: HostView): Promise<Finding> {
  const path = await findTool(names, host)
  if (path === null) return { missing: 'not installed' }
  if (minimum === null) return { found: path }
  const { stdout } = await run(path, ['--version'], { deadline: 10_000 })
  const [version = 'unknown'] = /\d+(\.\d+)*/.exec(stdout) ?? []
  if (Number.parseInt(version, 10) >= minimum) return { found: `${version} (${path})` }
  return { missing: `version ${version} (${path}), wanted ${String(minimum)} or newer` }
}

async function findTool(names: readonly string[], { path }: HostView): Promise<string | null> {
  const places = names.flatMap((name) => (name.startsWith('/') ? [name] : path.map((folder) => join(folder, name))))
  for (const place of places) if (await isThere(place, { isCommand: !names.includes(place) })) return place
  return null
}

/** What the table names by a path may be a file that is only read. */
async function isThere(path: string, { isCommand }: { readonly isCommand: boolean }): Promise<boolean> {
  try {
    await access(path, isCommand ? constants.X_OK : constants.R_OK)
    return true
  } catch {
    return false
  }
}
