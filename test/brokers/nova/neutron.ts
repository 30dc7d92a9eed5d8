import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { guestNetwork, innerPorts, secret } from './layout.ts'

/** A port, as far as Nova and the metadata proxy read it. */
interface Port {
  readonly id: string
  readonly device_id: string
  readonly project_id?: string
  readonly tenant_id?: string
  readonly fixed_ips: readonly { readonly ip_address: string }[]
}

const { id: networkId, subnet: subnetId, bridge, prefix, metadataAddress } = guestNetwork

const network = {
  id: networkId,
  name: 'guests',
  status: 'ACTIVE',
  admin_state_up: true,
  shared: true,
  tenant_id: '',
  project_id: '',
  subnets: [subnetId],
  mtu: 1500,
  port_security_enabled: true,
  'router:external': false,
  'provider:network_type': 'flat',
  'provider:physical_network': null,
  'provider:segmentation_id': null,
}

const subnet = {
  id: subnetId,
  name: 'guests',
  network_id: networkId,
  cidr: `${prefix}.0/24`,
  gateway_ip: `${prefix}.1`,
  ip_version: 4,
  enable_dhcp: true,
  dns_nameservers: [],
  host_routes: [],
  tenant_id: '',
  allocation_pools: [{ start: `${prefix}.10`, end: `${prefix}.200` }],
}

/** What Neutron says when it knows no limit. */
const unlimited = { port: -1, network: -1, security_group: -1, security_group_rule: -1 }

/**
 * Stands in for Neutron, of which Nova needs little: one network, ports on a Linux bridge, and the proxy that tells Nova's
 * metadata service which guest asks. `dhcp` is the folder from which dnsmasq learns the ports' addresses.
 */
export async function serveNeutron(dhcp: string): Promise<void> {
  const ports = new Map<string, Port>()
  let last = 9

  async function makePort(given: object): Promise<Port> {
    last += 1
    const address = `${prefix}.${String(last)}`
    const mac = `fa:16:3e:00:00:${last.toString(16).padStart(2, '0')}`
    const port = {
      id: randomUUID(),
      name: '',
      status: 'ACTIVE',
      admin_state_up: true,
      network_id: networkId,
      device_id: '',
      device_owner: '',
      mac_address: mac,
      security_groups: [],
      extra_dhcp_opts: [],
      allowed_address_pairs: [],
      'binding:vnic_type': 'normal',
      'binding:vif_type': 'bridge',
      'binding:profile': {},
      'binding:vif_details': { bridge_name: bridge, port_filter: true, connectivity: 'l2' },
      resource_request: null,
      ...given,
      fixed_ips: [{ subnet_id: subnetId, ip_address: address }],
    }
    ports.set(port.id, port)
    await writeFile(join(dhcp, port.id), `${mac},${address}\n`)
    return port
  }

  async function answer({ method = '', url = '' }: IncomingMessage, body: string): Promise<[number, unknown]> {
    const { pathname, searchParams } = new URL(url, 'http://neutron')
    const [version, kind = '', id] = pathname
      .replace(/\.json$/, '')
      .split('/')
      .filter(Boolean)
    if (version === undefined) return [200, { versions: [{ id: 'v2.0', status: 'CURRENT', links: [] }] }]
    const rows: Readonly<Record<string, readonly object[]>> = {
      networks: [network],
      subnets: [subnet],
      ports: [...ports.values()],
    }
    const port = () => (JSON.parse(body) as { port: object }).port
    if (method === 'GET' && kind === 'quotas') return [200, { quota: unlimited }]
    if (method === 'GET' && id === undefined)
      return [200, { [kind.replaceAll('-', '_')]: chosen(kind, rows[kind] ?? [], searchParams) }]
    if (method === 'POST' && kind === 'ports') return [201, { port: await makePort(port()) }]
    const found = (rows[kind] ?? []).find((row) => 'id' in row && row.id === id)
    if (!found) return [404, { NeutronError: { type: 'NotFound', message: `${method} ${url}`, detail: '' } }]
    if (method === 'GET') return [200, { [kind.slice(0, -1)]: found }]
    const old = ports.get(id ?? '')
    if (!old) return [405, {}]
    if (method === 'DELETE') return [ports.delete(old.id) ? 204 : 404, null]
    ports.set(old.id, { ...old, ...port(), fixed_ips: old.fixed_ips })
    return [200, { port: ports.get(old.id) }]
  }

  await listen('127.0.0.1', innerPorts.neutron, async (request) => {
    const [status, json] = await answer(request, await text(request))
    return { status, type: 'application/json', body: json === null ? '' : JSON.stringify(json) }
  })
  await listen(metadataAddress, 80, async (request) => {
    const caller = request.socket.remoteAddress ?? ''
    const port = [...ports.values()].find(({ fixed_ips: [first] }) => first?.ip_address === caller)
    if (!port) return { status: 404, type: 'text/plain', body: `nobody is ${caller}` }
    return await askNova(port, caller, request)
  })
}

/** Of what Neutron can filter by, Nova uses a few. */
function chosen(kind: string, rows: readonly object[], query: URLSearchParams): readonly object[] {
  // The network is everybody's: asked for those of a project alone, there is none.
  if (kind === 'networks' && query.get('shared') === 'False') return []
  const ignored = new Set(['fields', 'limit', 'tenant_id', 'project_id', 'shared'])
  const wanted = [...new Set(query.keys())].filter((key) => !ignored.has(key))
  return rows.filter((row) =>
    wanted.every((key) => query.getAll(key).includes(String((row as Record<string, unknown>)[key]))),
  )
}

/** As neutron-metadata-agent does: names the guest by the address that it asks from, and signs that. */
async function askNova(
  { device_id: guest, ...port }: Port,
  caller: string,
  { url = '', method = '' }: IncomingMessage,
) {
  const response = await fetch(`http://127.0.0.1:${String(innerPorts.metadata)}${url}`, {
    method,
    headers: {
      'x-forwarded-for': caller,
      'x-instance-id': guest,
      'x-tenant-id': port.project_id ?? port.tenant_id ?? '',
      'x-instance-id-signature': createHmac('sha256', secret).update(guest).digest('hex'),
    },
    signal: AbortSignal.timeout(60_000),
  })
  const type = response.headers.get('content-type') ?? 'text/plain'
  return { status: response.status, type, body: await response.text() }
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

async function listen(host: string, port: number, answer: (request: IncomingMessage) => Promise<Answer>) {
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const { status, type, body } = await answer(request).catch((error: unknown) => {
      console.error(error)
      return { status: 500, type: 'text/plain', body: String(error) }
    })
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
  }
  const server = createServer((request, response) => void handle(request, response))
  server.listen(port, host)
  await once(server, 'listening')
  server.on('error', console.error)
}
