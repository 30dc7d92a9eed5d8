// Runs in a network namespace of its own, between us and QEMU: makes the cloud's addresses and names, relays what arrives
// there to our sockets, and ends as QEMU ends.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ToolFailed } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'
import { serveNames } from './names.ts'
import type { CloudNetwork } from './plan.ts'
import { sshPort } from './plan.ts'
import { relay } from './relay.ts'

/** QEMU's network gives its own address to the guest as router, and connects to the loopback for it. */
const router = { here: '127.0.0.1', guest: '10.0.2.2' }

const [, , json = '', tool = '', ...args] = process.argv
const { servers, ssh } = JSON.parse(json) as CloudNetwork

try {
  await makeNetwork()
  await run(tool, args, {
    output: process.stdout,
    onLine: (line) => {
      console.error(line)
    },
  })
  process.exit(0)
} catch (error) {
  endLike(error)
}

async function makeNetwork(): Promise<void> {
  await run('ip', ['link', 'set', 'lo', 'up'])
  for (const address of new Set(servers.map((server) => server.address))) await addAddress(address)
  await useOurNames()
  await Promise.all([
    serveNames(namesOf(servers), router.here),
    relay({ path: ssh }, { host: router.here, port: sshPort }),
    ...servers.map(({ address, port, socket }) =>
      relay({ host: address === 'router' ? router.here : address, port }, { path: socket }),
    ),
  ])
}

async function addAddress(address: string): Promise<void> {
  if (address === 'router') return
  // Without the search for a double, an address of IPv6 can be listened on at once.
  const [bits, ...flags] = address.includes(':') ? ['128', 'nodad'] : ['32']
  await run('ip', ['address', 'add', `${address}/${bits}`, 'dev', 'lo', ...flags])
}

/** QEMU asks the name server that the host's own file names; here this is us. Nobody outside the namespace sees it. */
async function useOurNames(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-names-'))
  const file = join(folder, 'resolv.conf')
  await writeFile(file, `nameserver ${router.here}\n`)
  await run('mount', ['--bind', file, '/etc/resolv.conf'])
  await rm(folder, { recursive: true })
}

function namesOf(all: CloudNetwork['servers']): ReadonlyMap<string, string> {
  return new Map(
    all.flatMap(({ address, names = [] }) =>
      names.map((name) => [name, address === 'router' ? router.guest : address] as const),
    ),
  )
}

function endLike(error: unknown): void {
  if (!(error instanceof ToolFailed)) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
  if (error.end.why === 'signal') process.kill(process.pid, error.end.signal)
  else process.exit(error.end.why === 'exit' ? error.end.code : 1)
}
