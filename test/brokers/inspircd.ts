import { X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { greets } from './irc-greeting.ts'
import { freePort, provideServer, type Server } from './server.ts'

/** An InspIRCd with TLS, and Atheme, which keeps its accounts. */
export interface IrcNetwork extends AsyncDisposable {
  /** Without TLS. */
  readonly url: string
  readonly tlsUrl: string
  /** Certificates in PEM: of the server, which signs itself, and one for a client. */
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string }
  /** SHA-256 of the client's certificate, as services are told it. */
  readonly fingerprint: string
  readonly server: Server
  readonly services: Server
}

/** Gives a test an IRC network as many are today: IRCv3, TLS, accounts by services. */
export async function provideIrcNetwork(): Promise<IrcNetwork> {
  const [tlsPort, linkPort] = [await freePort(), await freePort()]
  const server = await provideServer({
    name: 'InspIRCd',
    urlVariable: 'IMAGEDROP_TEST_NO_URL',
    program: 'inspircd',
    async prepare({ folder, port }) {
      for (const name of ['server', 'client']) await makeCertificate(folder, name)
      await writeFile(join(folder, 'inspircd.conf'), serverConfig(folder, { port, tlsPort, linkPort }))
    },
    command: ({ folder }, path) => ({
      command: path,
      args: ['--nofork', '--runasroot', `--config=${join(folder, 'inspircd.conf')}`],
    }),
    url: ({ port }) => `irc://127.0.0.1:${String(port)}`,
    ask: greets,
  })
  const { folder } = server.place
  const services = await provideServer({
    name: 'Atheme',
    urlVariable: 'IMAGEDROP_TEST_NO_URL',
    program: 'atheme-services',
    prepare: (place) => writeFile(join(place.folder, 'atheme.conf'), servicesConfig(linkPort)),
    command: (place, path) => ({
      command: path,
      args: [
        ['-n', '-D', place.folder],
        ['-c', join(place.folder, 'atheme.conf')],
        ['-l', join(place.folder, 'atheme.log')],
        ['-p', join(place.folder, 'atheme.pid')],
      ].flat(),
    }),
    url: () => server.url,
    ask: offersLogin,
  })
  const pem = join(folder, 'client.pem')
  return {
    url: server.url,
    tlsUrl: `ircs://localhost:${String(tlsPort)}`,
    files: { ca: join(folder, 'server.pem'), cert: pem, key: join(folder, 'client.key') },
    fingerprint: await fingerprintOf(pem),
    server,
    services,
    async [Symbol.asyncDispose]() {
      await services[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

async function makeCertificate(folder: string, name: string): Promise<void> {
  const names = name === 'server' ? ['-addext', 'subjectAltName=DNS:localhost'] : []
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(folder, `${name}.key`)]
  await run('openssl', [
    'req',
    '-x509',
    ...key,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    ...names,
    '-out',
    join(folder, `${name}.pem`),
  ])
}

async function fingerprintOf(pem: string): Promise<string> {
  return new X509Certificate(await readFile(pem)).fingerprint256.replaceAll(':', '').toLowerCase()
}

/** Nobody who can log in is offered it before the services are there. */
async function offersLogin(url: string): Promise<void> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  try {
    socket.write('CAP LS 302\r\n')
    for await (const bytes of socket.setTimeout(2_000, () => socket.destroy()))
      if (String(bytes).includes('sasl=')) return
  } finally {
    socket.destroy()
  }
  throw new Error('the services are not there yet')
}

interface Ports {
  readonly port: number
  readonly tlsPort: number
  readonly linkPort: number
}

/** Without the brakes that slow down who connects or speaks often. */
const serverConfig = (folder: string, { port, tlsPort, linkPort }: Ports) => `
<server name="irc.example.org" description="a server for tests" network="Test" id="001">
<admin name="nobody" nick="nobody" email="nobody@example.org">
<bind address="127.0.0.1" port="${String(port)}" type="clients">
<bind address="127.0.0.1" port="${String(tlsPort)}" type="clients" sslprofile="tls">
<bind address="127.0.0.1" port="${String(linkPort)}" type="servers">
<sslprofile name="tls" provider="gnutls" hash="sha256" requestclientcert="yes"
  certfile="${folder}/server.pem" keyfile="${folder}/server.key">
${[
  'ssl_gnutls',
  'sslinfo',
  'cap',
  'ircv3',
  'ircv3_echomessage',
  'ircv3_servertime',
  'spanningtree',
  'services_account',
  'sasl',
]
  .map((name) => `<module name="${name}">`)
  .join('\n')}
<sasl target="services.example.org" requiressl="no">
<link name="services.example.org" ipaddr="127.0.0.1" port="${String(linkPort)}" allowmask="127.0.0.1" sendpass="link" recvpass="link">
<uline server="services.example.org" silent="yes">
<connect allow="*" timeout="60" localmax="1000" globalmax="1000" resolvehostnames="no" useident="no" useconnectban="no"
  fakelag="no" commandrate="100000" recvq="100000" threshold="1000">
<dns server="127.0.0.1" timeout="1">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="${folder}/inspircd.log">
<pid file="${folder}/inspircd.pid">
`

const servicesConfig = (linkPort: number) => `
${[
  'protocol/inspircd',
  'backend/opensex',
  'crypto/pbkdf2',
  'nickserv/main',
  'nickserv/register',
  'nickserv/identify',
  'nickserv/cert',
  'saslserv/main',
  'saslserv/plain',
  'saslserv/external',
]
  .map((name) => `loadmodule "modules/${name}";`)
  .join('\n')}
serverinfo {
  name = "services.example.org"; desc = "services"; numeric = "00A"; recontime = 1; netname = "Test";
  hidehostsuffix = "users.example.org"; adminname = "nobody"; adminemail = "nobody@example.org";
  registeremail = "nobody@example.org"; mta = "/bin/true"; loglevel = { error; info; };
  maxcertfp = 3; maxusers = 50; maxnicks = 5; maxchans = 5; mdlimit = 30; emaillimit = 10; emailtime = 300;
  auth = none; casemapping = rfc1459;
};
uplink "irc.example.org" {
  host = "127.0.0.1"; port = ${String(linkPort)}; send_password = "link"; receive_password = "link";
};
nickserv { nick = "NickServ"; user = "NickServ"; host = "services.example.org"; real = "nicks"; };
saslserv { nick = "SaslServ"; user = "SaslServ"; host = "services.example.org"; real = "log-in"; };
general { join_chans; leave_chans; };
`
