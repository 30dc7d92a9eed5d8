import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '#subprocess/run.ts'
import { providePythonEnvironment } from '../python-venv.ts'
import { freePort } from '../server.ts'
import { setUpAccounts, type Administrator } from './accounts.ts'
import { adminPassword, glanceSettings, keystoneSettings, type Layout } from './settings.ts'

/** A real Keystone and a real Glance on loopback, with their client. */
export interface OpenStack extends AsyncDisposable {
  /** `http://127.0.0.1:…/v3` */
  readonly keystone: string
  /** `http://127.0.0.1:…` */
  readonly glance: string
  /** The port of 127.0.0.1 that Glance may fetch images from. */
  readonly mirror: number
  readonly administrator: Administrator
  /** Folder of the Python environment's programs: `openstack` among them. */
  readonly bin: string
}

const packages = ['keystone==30.0.0', 'glance==33.0.0', 'python-openstackclient==10.5.0']
const serve = join(import.meta.dirname, 'serve.py')
const startTime = 60_000

/** Starts both, empty, on free ports and a folder of their own. */
export async function startOpenStack(): Promise<OpenStack> {
  const bin = await providePythonEnvironment('openstack', packages)
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-openstack-'))
  const [keystonePort, glancePort, mirror] = [await freePort(), await freePort(), await freePort()]
  const layout = { folder, environment: dirname(bin), keystone: keystonePort, glance: glancePort, mirror }
  const keystone = `http://127.0.0.1:${String(keystonePort)}/v3`
  const glance = `http://127.0.0.1:${String(glancePort)}`
  const stop = new AbortController()
  const running: Promise<unknown>[] = []
  const dispose = async () => {
    stop.abort(new Error('no longer needed'))
    await Promise.allSettled(running)
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  function start(module: string, ...args: readonly string[]): void {
    const env = {
      OS_KEYSTONE_CONFIG_FILES: join(folder, 'keystone.conf'),
      OS_GLANCE_CONFIG_FILES: join(folder, 'glance-api.conf'),
    }
    const options = {
      signal: stop.signal,
      log: join(folder, `${module}.log`),
      env: { ...env, OS_KEYSTONE_CONFIG_DIR: folder, OS_GLANCE_CONFIG_DIR: folder },
    }
    running.push(run(join(bin, 'python'), [serve, module, ...args], options))
  }
  try {
    await prepare(bin, layout)
    // SQLite's connections are of one thread; Glance has threads, as an upload may take long.
    start('keystone.wsgi.api', String(keystonePort))
    start('glance.wsgi.api', String(glancePort), 'threaded')
    await Promise.race([Promise.all([answers(keystone), answers(glance)]), ...running])
    const administrator = await setUpAccounts(keystone, [{ name: 'glance', type: 'image', url: glance }])
    return { keystone, glance, mirror, administrator, bin, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

async function prepare(bin: string, layout: Layout): Promise<void> {
  const { folder } = layout
  for (const name of ['fernet', 'credentials']) await writeKeys(join(folder, name))
  for (const name of ['images', 'staging', 'tasks', 'lock']) await mkdir(join(folder, name))
  const keystone = join(folder, 'keystone.conf')
  const glance = join(folder, 'glance-api.conf')
  await writeFile(keystone, keystoneSettings(layout))
  await writeFile(glance, glanceSettings(layout))
  const manage = async (args: readonly string[]) =>
    await run(join(bin, 'keystone-manage'), ['--config-file', keystone, ...args])
  const url = `http://127.0.0.1:${String(layout.keystone)}/v3`
  const setUpKeystone = async () => {
    await manage(['db_sync'])
    await manage([
      'bootstrap',
      '--bootstrap-password',
      adminPassword,
      '--bootstrap-region-id',
      'RegionOne',
      '--bootstrap-public-url',
      url,
    ])
  }
  await Promise.all([setUpKeystone(), run(join(bin, 'glance-manage'), ['--config-file', glance, 'db_sync'])])
  // With the journal of old, one who writes locks out those who read.
  const code = 'import sqlite3, sys\nfor path in sys.argv[1:]: sqlite3.connect(path).execute("pragma journal_mode=wal")'
  await run(join(bin, 'python'), ['-c', code, join(folder, 'keystone.sqlite'), join(folder, 'glance.sqlite')])
}

/** Two Fernet keys, as `keystone-manage fernet_setup` makes them: the one that is used, and the next. */
export async function writeKeys(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 })
  for (const name of ['0', '1']) {
    const key = randomBytes(32).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
    await writeFile(join(folder, name), key, { mode: 0o600 })
  }
}

/** Waits until something good is answered. */
export async function answers(url: string): Promise<void> {
  const deadline = Date.now() + startTime
  for (;;) {
    const status = await fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
      (response) => response.status,
      () => 0,
    )
    if (status >= 200 && status < 400) return
    if (Date.now() > deadline) throw new Error(`${url} does not answer within ${String(startTime / 1000)} s`)
    await sleep(200)
  }
}
