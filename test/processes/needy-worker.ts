import { appendFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { say } from '#events/define.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageRequested } from '#events/image-requested.ts'
import type { Needs } from '#ledger/needs.ts'
import { run } from '#subprocess/run.ts'
import { bindService } from '#service/bind.ts'
import { defineService } from '#service/define.ts'
import { findServices } from '../../cli/services.ts'
import { waitForEnd } from '../../cli/signals.ts'
import { startStack } from '../../cli/stack.ts'
import { relay } from '../../services/boot-tester/machines/qemu/cloud-network/relay.ts'
import { followed, long, needsOfFlavours, workTime, type Note } from './needy-work.ts'

/**
 * A process of some services on a host of its own: `needy-worker.ts SERVICE…`. Its jobs need what their image's flavour is for,
 * and note when they ran. Ledger and bus are reached by the sockets that `LEDGER_SOCKET` and `BUS_SOCKET` name.
 */
const names = process.argv.slice(2)
const { env } = process
const wires = {
  IMAGEDROP_LEDGER_URL: await wire(env['LEDGER_SOCKET'], env['IMAGEDROP_LEDGER_URL']),
  IMAGEDROP_BUS_URL: await wire(env['BUS_SOCKET'], env['IMAGEDROP_BUS_URL']),
}
const services = await findServices(env)
const end = waitForEnd()
const stack = await startStack({
  stateFolder: env['IMAGEDROP_STATE'] ?? '',
  services,
  run: names.map(services.parse),
  env: { ...env, ...wires },
  log: pino({ level: 'warn', base: { host: hostname(), names } }),
  assembleFor: (service) => Promise.resolve(() => Promise.resolve({ service: needy(service) })),
})
process.stdout.write('{"msg":"listening"}\n')
await end
await stack.stop(5_000)
process.exit()

function needy(service: string) {
  const needsOf = (flavour: string): Needs => needsOfFlavours[flavour] ?? {}
  const note = (what: Note['what'], flavour: string) => {
    const line: Note = { what, service, flavour, host: hostname(), at: performance.timeOrigin + performance.now() }
    appendFileSync(env['NOTES'] ?? '', `${JSON.stringify(line)}\n`)
  }
  const definition = defineService({
    name: service,
    consumes: [service === 'builder' ? imageRequested : imageBuilt],
    emits: service === 'builder' ? [imageBuilt] : [],
    needs: ({ body }) => needsOf(body.image.flavour),
    async handle({ subject, body }, _nothing, { signal, workFolder }) {
      const { flavour } = body.image
      note('begins', flavour)
      try {
        // It fails where an earlier try has left something.
        if (flavour === long) await run('sh', ['-c', 'mkdir half-made && exec sleep 1000'], { signal, cwd: workFolder })
        else await sleep(workTime)
      } finally {
        note('ends', flavour)
      }
      const isFollowed = subject === imageRequested.subject && flavour === followed
      return isFollowed ? [say(imageBuilt, { ...imageBuilt.example, image: body.image })] : []
    },
  })
  return bindService(definition, null, { concurrency: 16 })
}

/** The address of a server behind a socket, as it is reached on this host. */
async function wire(socket = '', of = ''): Promise<string> {
  const server = await relay({ port: 0, host: '127.0.0.1' }, { path: socket })
  const url = new URL(of)
  url.port = String((server.address() as AddressInfo).port)
  return url.href
}
