import { spawn } from 'node:child_process'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ToolFailed } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'
import type { CloudServer } from '../../../datasources/datasource.ts'
import { serveAnswers } from '../../../datasources/http/serve-answers.ts'
import { text } from '../../../datasources/http/answer.ts'
import { inCloudNetwork, networkArguments, sshPort } from './plan.ts'
import { reachFromOutside } from './reach.ts'

let folder: string
let servers: CloudServer[]
let served: AsyncDisposable
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloud-network-'))
  const socket = join(folder, 'cloud')
  served = await serveAnswers({
    answers: ({ path }) => text(`the cloud at ${path}`),
    listen: { path: socket },
    at: '',
    onRequest: () => {},
  })
  servers = [
    { address: '169.254.169.254', port: 80, socket, names: ['metadata.example'] },
    { address: 'fd00:ec2::254', port: 80, socket },
    { address: 'router', port: 8080, socket },
  ]
})
afterAll(async () => {
  await served[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** A place of its own for each network, as each machine has. */
let networks = 0
function newNetwork() {
  return { servers, ssh: join(folder, `ssh-${String(++networks)}`) }
}

/** Runs a script where otherwise QEMU runs, which connects for its guest as the script does. */
async function runInside(script: string, onLine?: (line: string) => void, network = newNetwork()) {
  const command = inCloudNetwork(network, process.execPath, ['--input-type=module', '-e', script])
  return await run(...command, { deadline: 20_000, ...(onLine ? { onLine } : {}) })
}

it("every address of the cloud leads to its server, also the router's and those of IPv6", async () => {
  const { stdout } = await runInside(`
    for (const place of ['169.254.169.254', '[fd00:ec2::254]', '127.0.0.1:8080'])
      console.log(await (await fetch('http://' + place + '/x')).text())`)
  expect(stdout).toBe('the cloud at /x\n'.repeat(3))
})

it("names are the cloud's, and nothing else in the world can be found or reached", async () => {
  const { stdout } = await runInside(`
    import { Resolver } from 'node:dns/promises'
    import { connect } from 'node:net'
    const resolver = new Resolver()
    console.log(await resolver.resolve4('metadata.example'))
    console.log(await resolver.resolve4('example.org').catch((error) => error.code))
    connect(443, '192.0.2.1').on('error', (error) => console.log(error.code))`)
  expect(stdout).toBe("[ '169.254.169.254' ]\nENOTFOUND\nENETUNREACH\n")
})

it('what listens for ssh inside is reached from outside', async () => {
  const ready = Promise.withResolvers<void>()
  const network = newNetwork()
  const inside = runInside(
    `import { createServer } from 'node:http'
    const server = createServer((_, response) => {
      response.end('inside')
      server.close()
    }).listen(${String(sshPort)}, '127.0.0.1', () => console.log('ready'))`,
    (line) => {
      if (line === 'ready') ready.resolve()
    },
    network,
  )
  await Promise.race([ready.promise, inside])
  using way = await reachFromOutside(network)
  expect(await fetchText(way.port)).toBe('inside')
  await inside
})

it('what runs inside ends as it ends by itself: by status, or by signal', async () => {
  await expect(runInside('process.exit(7)')).rejects.toMatchObject({ end: { why: 'exit', code: 7 } })
  await expect(runInside("process.kill(process.pid, 'SIGTERM')")).rejects.toMatchObject({
    end: { why: 'signal', signal: 'SIGTERM' },
  })
  const missing = run(...inCloudNetwork({ ...newNetwork(), servers: [] }, 'no-such-tool', []))
  await expect(missing).rejects.toThrow(ToolFailed)
  await expect(missing).rejects.toThrow('no-such-tool is not installed')
})

it('with servers QEMU may reach what there is, and without any it may reach nothing', () => {
  expect(networkArguments(servers)).toEqual(['-netdev', 'user,id=net,hostfwd=tcp:127.0.0.1:22-:22'])
  expect(networkArguments([])).toEqual(['-netdev', 'user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:22'])
})

it('a process that is killed leaves nothing of its network', async () => {
  const script = `import { run } from '#subprocess/run.ts'
    import { inCloudNetwork } from ${JSON.stringify(join(import.meta.dirname, 'plan.ts'))}
    const [tool, args] = inCloudNetwork(${JSON.stringify(newNetwork())}, 'sleep', ['${seconds}'])
    run(tool, args)`
  const house = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: import.meta.dirname })
  await waitUntil(async () => (await sleepers()) === 1)
  house.kill('SIGKILL')
  await waitUntil(async () => (await sleepers()) === 0)
})

/** As nobody else sleeps. */
const seconds = `321.${String(process.pid)}`

async function sleepers(): Promise<number> {
  let found = 0
  for (const pid of await readdir('/proc')) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (/^\d+$/.test(pid) && commandLine === `sleep\x00${seconds}\x00`) found++
  }
  return found
}

async function waitUntil(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(50)
}

async function fetchText(port: number): Promise<string> {
  return await new Promise((resolve, reject) => {
    const request = get({ port, host: '127.0.0.1', agent: false }, (response) => {
      response.setEncoding('utf8').on('data', resolve)
    })
    request.on('error', reject)
  })
}
