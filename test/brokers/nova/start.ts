import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { relay } from '../../../services/boot-tester/machines/qemu/cloud-network/relay.ts'
import { setUpAccounts } from '../openstack/accounts.ts'
import { answers, writeKeys } from '../openstack/openstack.ts'
import { adminPassword } from '../openstack/settings.ts'
import { prepareHost } from './host.ts'
import { databases, databaseUrl, innerPorts, keystoneUrl, readyLine, secret, socketOf, type Layout } from './layout.ts'
import { serveNeutron } from './neutron.ts'
import { createParts, listens, until, type Parts } from './parts.ts'
import {
  computeSettings,
  dhcpArguments,
  formatSections,
  glanceSettings,
  keystoneSettings,
  libvirtSettings,
  novaSettings,
  placementSettings,
  rabbitSettings,
  uwsgiSettings,
} from './settings.ts'

/** Starts everything, tells so, and waits for ever; ends the process when a part ends. */
export async function main(layout: Layout): Promise<void> {
  const parts = createParts(layout.folder)
  await Promise.race([startAll(layout, parts), parts.failed])
  console.log(readyLine)
  await parts.failed
}

async function startAll(layout: Layout, parts: Parts): Promise<void> {
  const { folder, ports } = layout
  await Promise.all([prepareHost(folder), writeSettings(layout, parts)])
  const rabbit = startRabbit(parts)
  const guests = startGuests(layout, parts)
  await startDatabase(parts)

  const keystone = startKeystone(layout, parts)
  const glance = parts.manage('glance-manage', ['--config-file', parts.file('glance.conf'), 'db_sync'])
  const placement = parts.manage('placement-manage', ['--config-file', parts.file('placement.conf'), 'db', 'sync'])
  await Promise.all([keystone, glance, placement, rabbit, guests, setUpCells(parts)])

  parts.start('glance', 'glance-api', ['--config-file', parts.file('glance.conf')])
  parts.start('placement', 'uwsgi', ['--ini', parts.file('placement-uwsgi.ini')], {
    env: { OS_PLACEMENT_CONFIG_DIR: folder },
  })
  const conductor = startNovaService('nova-conductor', /Starting conductor node/, parts)
  for (const name of ['nova-scheduler', 'nova-api']) parts.start(name, name, ['--config-file', parts.file('nova.conf')])
  const nova = `http://127.0.0.1:${String(ports.nova)}`
  await Promise.all([
    conductor,
    answers(`http://127.0.0.1:${String(ports.glance)}/healthcheck`),
    answers(`http://127.0.0.1:${String(innerPorts.placement)}/`),
    answers(nova),
  ])
  await startCompute(parts)
  const found = await parts.manage('nova-manage', [...novaConfig(parts), 'cell_v2', 'discover_hosts', '--verbose'])
  if (!/Found 1 unmapped computes/.test(found)) throw new Error(`Nova found no host: ${found}`)
  await Promise.all(
    Object.values(ports).map((port) => relay({ path: socketOf(folder, port) }, { host: '127.0.0.1', port })),
  )
}

async function writeSettings(layout: Layout, { file }: Parts): Promise<void> {
  for (const name of ['fernet', 'credentials']) await writeKeys(file(name))
  for (const name of ['images', 'staging', 'tasks', 'lock', 'dhcp', 'rabbit', join('nova', 'instances')])
    await mkdir(file(name), { recursive: true })
  const texts = {
    'keystone.conf': formatSections(keystoneSettings(layout)),
    'keystone-uwsgi.ini': formatSections(uwsgiSettings(layout.ports.keystone, '/usr/bin/keystone-wsgi-public')),
    'glance.conf': formatSections(glanceSettings(layout)),
    'placement.conf': formatSections(placementSettings(layout)),
    'placement-uwsgi.ini': formatSections(uwsgiSettings(innerPorts.placement, '/usr/bin/placement-api')),
    'nova-compute.conf': formatSections(computeSettings(layout)),
    'nova.conf': formatSections(novaSettings(layout)),
    'libvirtd.conf': libvirtSettings(layout),
    'rabbitmq.conf': rabbitSettings,
    enabled_plugins: '[].',
    // Debian's package of it brings emulators of every architecture; its code is in the library that all have.
    'nova-compute': 'from nova.cmd.compute import main\nmain()\n',
  }
  for (const [name, text] of Object.entries(texts)) await writeFile(file(name), text)
}

async function startDatabase({ manage, start, file }: Parts): Promise<void> {
  const data = `--datadir=${file('database')}`
  const socket = `--socket=${file('database.sock')}`
  await manage('mariadb-install-db', [
    '--no-defaults',
    '--user=root',
    data,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ])
  // What is written need not outlive us.
  const careless = ['--innodb-flush-log-at-trx-commit=0', '--innodb-flush-method=nosync', '--innodb-doublewrite=0']
  const sizes = ['--innodb-buffer-pool-size=64M', '--max-connections=300', '--skip-name-resolve']
  const place = [
    socket,
    `--port=${String(innerPorts.database)}`,
    '--bind-address=127.0.0.1',
    `--pid-file=${file('database.pid')}`,
  ]
  start('mariadbd', 'mariadbd', ['--no-defaults', '--user=root', data, ...place, ...careless, ...sizes])
  await listens(innerPorts.database)
  const sql = [
    ...databases.map((name) => `create database ${name} character set utf8;`),
    `create user os@'%' identified by '${secret}'; grant all on *.* to os@'%';`,
  ]
  await manage('mariadb', ['--no-defaults', '--user=root', socket, `--execute=${sql.join(' ')}`])
}

async function startRabbit({ start, file }: Parts): Promise<void> {
  start('rabbitmq', '/usr/lib/rabbitmq/bin/rabbitmq-server', [], {
    env: {
      HOME: file('rabbit'),
      RABBITMQ_NODENAME: 'nova@localhost',
      RABBITMQ_CONFIG_FILE: file('rabbitmq.conf'),
      RABBITMQ_CONF_ENV_FILE: '/dev/null',
      RABBITMQ_MNESIA_BASE: file('rabbit'),
      RABBITMQ_LOG_BASE: file('rabbit'),
      RABBITMQ_ENABLED_PLUGINS_FILE: file('enabled_plugins'),
    },
  })
  await listens(innerPorts.rabbit)
}

/** What runs guests, and what they meet in their network. */
async function startGuests(layout: Layout, { start, file }: Parts): Promise<void> {
  start('libvirtd', 'libvirtd', ['--config', file('libvirtd.conf'), '--pid-file', file('libvirtd.pid')])
  start('dnsmasq', 'dnsmasq', dhcpArguments(layout))
  await serveNeutron(file('dhcp'))
  await until('libvirt answers', async () => {
    const uri = `qemu:///system?socket=${file('libvirt-sock')}`
    return (await run('virsh', ['-c', uri, 'version'], { okCodes: [0, 1] })).code === 0
  })
}

async function startKeystone(layout: Layout, { manage, start, file }: Parts): Promise<void> {
  const url = keystoneUrl(layout)
  const bootstrap = [
    '--bootstrap-password',
    adminPassword,
    '--bootstrap-region-id',
    'RegionOne',
    '--bootstrap-public-url',
    url,
  ]
  for (const args of [['db_sync'], ['bootstrap', ...bootstrap]])
    await manage('keystone-manage', ['--config-file', file('keystone.conf'), ...args])
  start('keystone', 'uwsgi', ['--ini', file('keystone-uwsgi.ini')], { env: { OS_KEYSTONE_CONFIG_DIR: layout.folder } })
  await answers(url)
  const at = (port: number) => `http://127.0.0.1:${String(port)}`
  await setUpAccounts(url, [
    { name: 'glance', type: 'image', url: at(layout.ports.glance) },
    { name: 'placement', type: 'placement', url: at(innerPorts.placement) },
    { name: 'nova', type: 'compute', url: `${at(layout.ports.nova)}/v2.1` },
    { name: 'neutron', type: 'network', url: at(innerPorts.neutron) },
  ])
}

async function setUpCells(parts: Parts): Promise<void> {
  const steps = [
    ['api_db', 'sync'],
    ['cell_v2', 'map_cell0', '--database_connection', databaseUrl('nova_cell0')],
    ['db', 'sync'],
    ['cell_v2', 'create_cell', '--name', 'cell1'],
  ]
  for (const step of steps) await parts.manage('nova-manage', [...novaConfig(parts), ...step])
}

/** Told to start before the conductor listens, it waits for ten seconds. */
async function startCompute({ start, file }: Parts): Promise<void> {
  const up = Promise.withResolvers<undefined>()
  start('nova-compute', '/usr/bin/python3', [file('nova-compute'), '--config-file', file('nova-compute.conf')], {
    onLine: (line) => {
      if (/Created resource provider record/.test(line)) up.resolve(undefined)
    },
  })
  await up.promise
}

async function startNovaService(name: string, line: RegExp, parts: Parts): Promise<void> {
  const up = Promise.withResolvers<undefined>()
  parts.start(name, name, novaConfig(parts), {
    onLine: (said) => {
      if (line.test(said)) up.resolve(undefined)
    },
  })
  await up.promise
}

function novaConfig({ file }: Parts): string[] {
  return ['--config-file', file('nova.conf')]
}
