/** The folders and ports of one small OpenStack. */
export interface Layout {
  readonly folder: string
  /** Of the Python environment. */
  readonly environment: string
  readonly keystone: number
  readonly glance: number
  /** Where Glance may fetch images from on this host. */
  readonly mirror: number
}

/** The account of Glance at Keystone, and of the one who sets everything up. */
export const servicePassword = 'service'
export const adminPassword = 'admin'

export function keystoneSettings({ folder }: Layout): string {
  return `
[DEFAULT]
use_stderr = true
[database]
connection = sqlite:///${folder}/keystone.sqlite?timeout=60
sqlite_synchronous = false
[fernet_tokens]
key_repository = ${folder}/fernet
[fernet_receipts]
key_repository = ${folder}/fernet
[credential]
key_repository = ${folder}/credentials
[cache]
enabled = true
backend = oslo_cache.dict
[identity]
password_hash_rounds = 4
`
}

export function glanceSettings({ folder, environment, keystone, mirror }: Layout): string {
  return `
[DEFAULT]
use_stderr = true
enabled_backends = one:file
image_cache_dir = ${folder}/cache
[database]
connection = sqlite:///${folder}/glance.sqlite?timeout=60
sqlite_synchronous = false
[glance_store]
default_backend = one
[one]
filesystem_store_datadir = ${folder}/images
[os_glance_staging_store]
filesystem_store_datadir = ${folder}/staging
[os_glance_tasks_store]
filesystem_store_datadir = ${folder}/tasks
[keystone_authtoken]
auth_url = http://127.0.0.1:${String(keystone)}/v3
www_authenticate_uri = http://127.0.0.1:${String(keystone)}/v3
interface = public
auth_type = password
project_domain_name = Default
user_domain_name = Default
project_name = service
username = glance
password = ${servicePassword}
region_name = RegionOne
token_cache_time = -1
[import_filtering_opts]
allowed_hosts = [127.0.0.1]
allowed_ports = [${String(mirror)}]
[paste_deploy]
flavor = keystone
config_file = ${environment}/etc/glance/glance-api-paste.ini
[oslo_concurrency]
lock_path = ${folder}/lock
`
}
