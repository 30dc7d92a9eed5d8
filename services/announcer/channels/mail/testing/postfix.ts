import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { provideServer, type Place, type Server } from '#test/brokers/server.ts'
import { run } from '#subprocess/run.ts'

/** Postfix as a submission server: it takes mail from who logs in over TLS, and keeps it in a mailbox. */
export interface Postfix extends Server {
  /** The certificate of the authority that issued the server's, in PEM. */
  readonly ca: string
  /** Whole mails in the order in which they came, as the mailbox has them. */
  mails(): Promise<Buffer[]>
  /** Whether all mails that it took are delivered. */
  isIdle(): Promise<boolean>
}

interface PostfixOptions {
  /** More lines of main.cf, as for delivery to elsewhere. */
  readonly config?: readonly string[]
}

export const account = { user: 'releng', password: 'a password' }

/** Only root can start Postfix: its parts run under accounts of their own. */
export const needsRoot = process.getuid?.() !== 0

/** Gives a test a Postfix with configuration, queue and log of its own, that knows nothing of the host's. */
export async function providePostfix({ config = [] }: PostfixOptions = {}): Promise<Postfix> {
  const server = await provideServer({
    name: 'Postfix',
    urlVariable: 'IMAGEDROP_TEST_NO_URL',
    // Not `postfix start-fg`: what that starts outlives it.
    program: 'master',
    folders: ['/usr/lib/postfix/sbin', '/usr/libexec/postfix'],
    prepare: (place) => prepare(place, config),
    command: ({ folder }, program) => ({ command: program, args: ['-c', join(folder, 'etc'), '-d'] }),
    url: ({ port }) => `smtp://127.0.0.1:${String(port)}`,
    ask: greet,
  })
  const { folder } = server.place
  return {
    ...server,
    ca: join(folder, 'ca.pem'),
    mails: () => readMailbox(join(folder, 'mail/cloud/new')),
    isIdle: () => isEmpty(join(folder, 'queue'), ['maildrop', 'incoming', 'active', 'deferred']),
  }
}

async function prepare({ folder, port }: Place, config: readonly string[]): Promise<void> {
  const at = (path: string) => join(folder, path)
  for (const path of ['etc', 'etc/sasl', 'queue', 'data', 'mail']) await mkdir(at(path))
  await run('chown', ['postfix', at('data')])
  await run('chown', ['mail:mail', at('mail')])
  await makeCertificates(folder)
  await writeFile(
    at('etc/sasl/smtpd.conf'),
    `pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: ${at('etc/sasl/sasldb2')}\nmech_list: PLAIN LOGIN\n`,
  )
  await run('saslpasswd2', ['-p', '-c', '-f', at('etc/sasl/sasldb2'), '-u', hostname, account.user], {
    input: Readable.from([account.password]),
  })
  await run('chgrp', ['postfix', at('etc/sasl/sasldb2')])
  const { uid, gid } = await stat(at('mail'))
  const mailboxes = [`virtual_uid_maps = static:${String(uid)}`, `virtual_gid_maps = static:${String(gid)}`]
  await writeFile(at('etc/main.cf'), `${[...mainConfig(at), ...mailboxes, ...config].join('\n')}\n`)
  await writeFile(at('etc/master.cf'), masterConfig(port))
  await run('postfix', ['-c', at('etc'), 'check'])
}

const hostname = 'mail.example.org'

function mainConfig(at: (path: string) => string): string[] {
  return [
    'compatibility_level = 3.6',
    `queue_directory = ${at('queue')}`,
    `data_directory = ${at('data')}`,
    `maillog_file = ${at('mail.log')}`,
    `maillog_file_prefixes = ${at('')}`,
    `myhostname = ${hostname}`,
    'inet_interfaces = 127.0.0.1',
    'inet_protocols = ipv4',
    'mydestination =',
    'mynetworks =',
    'alias_maps =',
    'alias_database =',
    'smtpd_relay_restrictions = permit_sasl_authenticated, reject',
    'smtpd_sasl_auth_enable = yes',
    `smtpd_sasl_local_domain = ${hostname}`,
    // Debian's Postfix looks for it in this folder, whatever is said here.
    `cyrus_sasl_config_path = ${at('etc/sasl')}`,
    'smtpd_tls_auth_only = yes',
    'smtpd_tls_security_level = may',
    `smtpd_tls_cert_file = ${at('server.pem')}`,
    `smtpd_tls_key_file = ${at('server.key')}`,
    'virtual_mailbox_domains = lists.example.org',
    `virtual_mailbox_base = ${at('mail')}`,
    'virtual_mailbox_maps = static:cloud/',
    'virtual_minimum_uid = 1',
  ]
}

/** The daemons that a mail passes through, none of them in a chroot. */
function masterConfig(port: number): string {
  return [
    `127.0.0.1:${String(port)} inet n - n - - smtpd`,
    'cleanup unix n - n - 0 cleanup',
    'qmgr unix n - n 300 1 qmgr',
    'tlsmgr unix - - n 1000? 1 tlsmgr',
    'rewrite unix - - n - - trivial-rewrite',
    'bounce unix - - n - 0 bounce',
    'defer unix - - n - 0 bounce',
    'trace unix - - n - 0 bounce',
    'proxymap unix - - n - - proxymap',
    'error unix - - n - - error',
    'virtual unix - n n - - virtual',
    'lmtp unix - - n - - lmtp',
    'anvil unix - - n - 1 anvil',
    'postlog unix-dgram n - n - 1 postlogd',
    '',
  ].join('\n')
}

async function makeCertificates(folder: string): Promise<void> {
  const file = (name: string) => join(folder, name)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const own = ['-keyout', file('ca.key'), '-out', file('ca.pem')]
  await run('openssl', ['req', '-x509', ...key, '-days', '2', '-subj', '/CN=a test authority', ...own])
  await run('openssl', [
    'req',
    '-x509',
    ...key,
    '-days',
    '2',
    '-subj',
    '/CN=localhost',
    '-CA',
    file('ca.pem'),
    '-CAkey',
    file('ca.key'),
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-keyout',
    file('server.key'),
    '-out',
    file('server.pem'),
  ])
}

/** Resolves when a server greets as SMTP and LMTP servers do. */
export async function greet(url: string): Promise<void> {
  const { hostname: host, port } = new URL(url)
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(port), host)
    socket.setTimeout(10_000, () => socket.destroy(new Error('no greeting')))
    socket.once('error', reject)
    socket.once('data', (bytes: Buffer) => {
      socket.end('QUIT\r\n')
      if (bytes.toString().startsWith('220 ')) resolve()
      else reject(new Error(`expected 220, got ${bytes.toString('latin1', 0, 40)}`))
    })
  })
}

/** Whether no folder of a queue has a file. */
export async function isEmpty(queue: string, folders: readonly string[]): Promise<boolean> {
  for (const folder of folders) {
    const entries = await readdir(join(queue, folder), { recursive: true, withFileTypes: true })
    if (entries.some((entry) => entry.isFile())) return false
  }
  return true
}

async function readMailbox(folder: string): Promise<Buffer[]> {
  const names = await readdir(folder).catch((): string[] => [])
  return await Promise.all(names.toSorted().map((name) => readFile(join(folder, name))))
}
