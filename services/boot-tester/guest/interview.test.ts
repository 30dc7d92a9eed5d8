import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { passedIf, type Answer, type GuestCheck, type Login } from '../checks/check.ts'
import { GuestStopped } from '../guest-watch.ts'
import { plainCheck } from '../testing/plain-check.ts'
import { interview } from './interview.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'interview-'))
  vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

/** Puts a client in the place of ssh whose servers behave as told: a shell script for each user. */
async function servers({ user, root = refuse }: { user: string; root?: string }) {
  const script = `#!/bin/sh
for argument; do case $argument in
  root@*) ${root};;
  *@*) ${user};;
esac; done
`
  await writeFile(join(folder, 'ssh'), script)
  await chmod(join(folder, 'ssh'), 0o755)
}

const refuse = 'echo "Permission denied (publickey)." >&2; exit 255'
const letIn = 'exec sh -s'

const check: GuestCheck = {
  name: 'greeting',
  ...plainCheck,
  on: 'guest',
  script: 'echo hello',
  judge: () => passedIf(true, ''),
}

async function talk(signal = new AbortController().signal) {
  const answers: Record<string, Answer> = {}
  const logins: Record<string, Login> = {}
  await interview({
    host: '127.0.0.1',
    port: 1,
    privateKeyFile: join(folder, 'key'),
    log: join(folder, 'ssh.log'),
    nonce: 'c0ffee',
    defaultUser: 'debian',
    checks: [check],
    signal,
    onAnswer: (name, answer) => {
      answers[name] = answer
    },
    onLogin: (as, login) => {
      logins[as] = login
    },
  })
  return { answers, logins }
}

it('the default user is asked everything while root is turned away', async () => {
  await servers({ user: letIn })
  const { answers, logins } = await talk()
  expect(answers).toEqual({ greeting: { status: 0, output: 'hello' } })
  expect(logins['default-user']).toEqual({ user: 'debian', shell: true, said: '' })
  expect(logins['root']).toEqual({ user: 'root', shell: false, said: 'Permission denied (publickey).' })
})

it("cloud-init's polite refusal of root is not waited for to the end", async () => {
  const root = `echo 'Please login as the user "debian" rather than the user "root".'; sleep 20; exit 142`
  await servers({ user: letIn, root })
  const start = performance.now()
  const { logins } = await talk()
  expect(logins['root']).toMatchObject({ shell: false })
  expect(performance.now() - start).toBeLessThan(10_000)
})

it('root that gets a shell is noticed', async () => {
  await servers({ user: letIn, root: letIn })
  expect((await talk()).logins['root']).toMatchObject({ shell: true })
})

it('a server that is not up yet is asked again', async () => {
  const first = `if mkdir ${folder}/seen 2>/dev/null; then echo "kex_exchange_identification: Connection closed by remote host" >&2; exit 255; fi`
  await servers({ user: `${first}; ${letIn}` })
  expect((await talk()).logins['default-user']).toMatchObject({ shell: true })
})

it('a refused key is not tried again', async () => {
  await servers({ user: refuse })
  const { answers, logins } = await talk()
  expect(answers).toEqual({})
  expect(logins['default-user']).toMatchObject({ shell: false, said: 'Permission denied (publickey).' })
})

it('a guest that hangs ends the talk with the reason', async () => {
  await servers({ user: 'sleep 20' })
  const controller = new AbortController()
  setTimeout(() => {
    controller.abort(new GuestStopped('no sign of life'))
  }, 200)
  await expect(talk(controller.signal)).rejects.toThrow('no sign of life')
})
