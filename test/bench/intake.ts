import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { Agent, request, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { residentMegabytes } from '../processes/fleet.ts'

const program = join(import.meta.dirname, '..', '..', 'cli', 'imagedrop.js')
/** Over which the messages are spread, in milliseconds. */
const stretch = 10_000
/** As many messages may be under way at a time. */
const connections = 64
/** When the memory is looked at, in seconds after the last message. */
const looks = [0, 5, 15, 30]

/** `imagedrop up`, to which many compose messages are handed in within ten seconds, and the memory that it then holds. */
export async function measureIntake(messages: number): Promise<Record<string, number>> {
  const state = await mkdtemp(join(tmpdir(), 'imagedrop-bench-'))
  const child = spawn(program, ['up', '--state', state, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const listening = Promise.withResolvers<string>()
    createInterface(child.stdout).on('line', (line) => {
      if (line.includes('"listening"')) listening.resolve((JSON.parse(line) as { url: string }).url)
    })
    const url = await Promise.race([listening.promise, once(child, 'exit').then(() => null)])
    if (url === null) throw new Error('imagedrop up ended before it listened')
    const token = (await readFile(join(state, 'api-token'), 'utf8')).trim()
    await sleep(3_000)
    const figures: Record<string, number> = { 'before, MB': await residentMegabytes(child.pid ?? 0) }
    const began = performance.now()
    await handIn(messages, { url, token })
    const seconds = (performance.now() - began) / 1000
    figures['messages a second'] = Math.round(messages / seconds)
    for (const [index, look] of looks.entries()) {
      await sleep((look - (looks[index - 1] ?? 0)) * 1000)
      figures[`${String(look)} s after the last, MB`] = await residentMegabytes(child.pid ?? 0)
    }
    return figures
  } finally {
    child.kill('SIGTERM')
    await once(child, 'exit')
    await rm(state, { recursive: true })
  }
}

interface Door {
  readonly url: string
  readonly token: string
}

async function handIn(messages: number, door: Door): Promise<void> {
  // Each message on a connection of its own, as the tools send them that people use.
  const agent = new Agent({ maxSockets: connections })
  await Promise.all(
    Array.from({ length: messages }, async (_, index) => {
      await sleep((index * stretch) / messages)
      await post(messageOf(index), agent, door)
    }),
  )
}

/** Most of what a bus says of composes is that they began: it is kept, looked at, and leads to nothing. */
function messageOf(index: number): object {
  const day = new Date(Date.UTC(2010, 0, 1 + index)).toISOString().slice(0, 10).replaceAll('-', '')
  const id = `Fedora-Rawhide-${day}.n.0`
  return {
    compose_id: id,
    status: 'STARTED',
    location: `https://kojipkgs.fedoraproject.org/compose/rawhide/${id}/compose`,
    compose_date: day,
    compose_type: 'nightly',
    compose_respin: 0,
    compose_label: null,
    release_short: 'Fedora',
    release_name: 'Fedora',
    release_version: 'Rawhide',
    release_type: 'ga',
    release_is_layered: false,
  }
}

async function post(message: object, agent: Agent, { url, token }: Door): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const sent = request(`${url}/composes`, { method: 'POST', agent, headers }).end(JSON.stringify(message))
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  answer.resume()
  await once(answer, 'end')
  if (answer.statusCode !== 202) throw new Error(`POST /composes answers ${String(answer.statusCode)}`)
}
