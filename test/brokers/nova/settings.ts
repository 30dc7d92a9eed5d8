import { join } from 'node:path'
import { servicePassword } from '../openstack/settings.ts'
import { databaseUrl, guestNetwork, innerPorts, keystoneUrl, secret, type Layout } from './layout.ts'

type Sections = Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>

/** Settings as OpenStack's services and uWSGI read them. */
export function formatSections(sections: Sections): string {
  return Object.entries(sections)
    .map(([name, values]) => {
      const lines = Object.entries(values).map(([key, value]) => `${key} = ${String(value)}\n`)
      return `[${name}]\n${lines.join('')}`
    })
    .join('')
}

/** Keystone's. */
export function keystoneSettings({ folder }: Layout): Sections {
  return {
    DEFAULT: { use_stderr: true },
    database: { connection: databaseUrl('keystone') },
    fernet_tokens: { key_repository: join(folder, 'fernet') },
    fernet_receipts: { key_repository: join(folder, 'fernet') },
    credential: { key_repository: join(folder, 'credentials') },
    // Without a cache each question costs it a sixth of a second; this one is of one process.
    cache: { enabled: true, backend: 'oslo_cache.dict' },
    identity: { password_hash_rounds: 4 },
  }
}

/** Glance's. */
export function glanceSettings(layout: Layout): Sections {
  const { folder, ports } = layout
  return {
    DEFAULT: {
      bind_host: '127.0.0.1',
      bind_port: ports.glance,
      workers: 1,
      use_stderr: true,
      enabled_backends: 'one:file',
      image_cache_dir: join(folder, 'cache'),
    },
    database: { connection: databaseUrl('glance') },
    glance_store: { default_backend: 'one' },
    one: { filesystem_store_datadir: join(folder, 'images') },
    os_glance_staging_store: { filesystem_store_datadir: join(folder, 'staging') },
    os_glance_tasks_store: { filesystem_store_datadir: join(folder, 'tasks') },
    keystone_authtoken: accountOf('glance', layout),
    paste_deploy: { flavor: 'keystone', config_file: '/etc/glance/glance-api-paste.ini' },
    oslo_concurrency: { lock_path: join(folder, 'lock') },
  }
}

/** Placement's. */
export function placementSettings(layout: Layout): Sections {
  return {
    DEFAULT: { use_stderr: true },
    keystone_authtoken: accountOf('placement', layout),
    placement_database: { connection: databaseUrl('placement') },
  }
}

/** Those of Nova's compute service, which may know no database; the others add theirs. */
export function computeSettings(layout: Layout): Sections {
  const { folder, ports, configDrives } = layout
  const privileged = { helper_command: `privsep-helper --config-file ${join(folder, 'nova-compute.conf')}` }
  return {
    DEFAULT: {
      use_stderr: true,
      my_ip: '127.0.0.1',
      host: 'compute',
      state_path: join(folder, 'nova'),
      instances_path: join(folder, 'nova', 'instances'),
      transport_url: `rabbit://nova:${secret}@127.0.0.1:${String(innerPorts.rabbit)}/`,
      enabled_apis: 'osapi_compute,metadata',
      osapi_compute_listen: '127.0.0.1',
      osapi_compute_listen_port: ports.nova,
      osapi_compute_workers: 1,
      metadata_listen: '127.0.0.1',
      metadata_listen_port: innerPorts.metadata,
      metadata_workers: 1,
      compute_driver: 'libvirt.LibvirtDriver',
      mkisofs_cmd: 'genisoimage',
      config_drive_format: configDrives,
      // Nobody tells Nova that a port of the stand-in is plugged.
      vif_plugging_is_fatal: false,
      vif_plugging_timeout: 0,
      // Guests of tests do not listen to the power button for as long as those of people.
      shutdown_timeout: 20,
    },
    conductor: { workers: 1 },
    scheduler: { workers: 1 },
    keystone_authtoken: accountOf('nova', layout),
    placement: { ...accountOf('placement', layout), valid_interfaces: 'public' },
    neutron: {
      ...accountOf('nova', layout),
      valid_interfaces: 'public',
      service_metadata_proxy: true,
      metadata_proxy_shared_secret: secret,
    },
    glance: { region_name: 'RegionOne', valid_interfaces: 'public' },
    libvirt: {
      virt_type: 'qemu',
      cpu_mode: 'none',
      connection_uri: `qemu:///system?socket=${join(folder, 'libvirt-sock')}`,
      images_type: 'qcow2',
      inject_partition: -2,
    },
    vnc: { enabled: false },
    oslo_concurrency: { lock_path: join(folder, 'lock') },
    wsgi: { api_paste_config: '/etc/nova/api-paste.ini' },
    nova_sys_admin: privileged,
    vif_plug_linux_bridge_privileged: privileged,
  }
}

/** Those of Nova's other services. */
export function novaSettings(layout: Layout): Sections {
  return {
    ...computeSettings(layout),
    api_database: { connection: databaseUrl('nova_api') },
    database: { connection: databaseUrl('nova') },
  }
}

/** How uWSGI serves one of them. */
export function uwsgiSettings(port: number, program: string): Sections {
  return {
    uwsgi: {
      plugins: 'python3',
      'http-socket': `127.0.0.1:${String(port)}`,
      'wsgi-file': program,
      master: true,
      processes: 1,
      threads: 1,
      'lazy-apps': true,
      'enable-threads': true,
      'need-app': true,
      'die-on-term': true,
      'buffer-size': 65535,
      'rem-header': 'Content-Length',
    },
  }
}

/** libvirt's, for guests of a root that is alone in its namespaces. */
export const libvirtGuests = `user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
stdio_handler = "file"
`

/** libvirt's own. */
export function libvirtSettings({ folder }: Layout): string {
  return `listen_tls = 0
unix_sock_dir = "${folder}"
unix_sock_group = "root"
unix_sock_rw_perms = "0700"
auth_unix_ro = "none"
auth_unix_rw = "none"
host_uuid = "5f1c3e0a-7d6c-4a55-9a37-3c0d2f4b8e11"
`
}

/** RabbitMQ's. */
export const rabbitSettings = `listeners.tcp.1 = 127.0.0.1:${String(innerPorts.rabbit)}
loopback_users = none
default_user = nova
default_pass = ${secret}
log.console = true
log.console.level = warning
disk_free_limit.absolute = 50MB
`

/** What dnsmasq gives the guests of the network, each the address of its port. */
export function dhcpArguments({ folder }: Layout): string[] {
  const { bridge, prefix, metadataAddress } = guestNetwork
  const router = `${prefix}.1`
  return [
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--no-resolv',
    '--no-hosts',
    '--port=0',
    `--interface=${bridge}`,
    '--bind-interfaces',
    `--dhcp-range=${prefix}.10,${prefix}.200,255.255.255.0,1h`,
    `--dhcp-option=option:router,${router}`,
    `--dhcp-option=option:classless-static-route,${metadataAddress}/32,${router},0.0.0.0/0,${router}`,
    `--dhcp-leasefile=${join(folder, 'leases')}`,
    `--dhcp-hostsdir=${join(folder, 'dhcp')}`,
    '--user=root',
    '--pid-file',
  ]
}

function accountOf(username: string, layout: Layout): Sections[string] {
  const url = keystoneUrl(layout)
  return {
    www_authenticate_uri: url,
    auth_url: url,
    interface: 'public',
    auth_type: 'password',
    project_domain_name: 'Default',
    user_domain_name: 'Default',
    project_name: 'service',
    username,
    password: servicePassword,
    region_name: 'RegionOne',
  }
}
