import { PermanentError } from '#service/errors.ts'
import { ToolFailed } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'
import { encodeCall } from './encode.ts'
import { readReply, type Call } from './call.ts'
import type { Credentials } from './credentials.ts'
import { ConnectionLost, HttpRefusal, NotTrusted, refusal, type HubAddress } from './exchange.ts'
import type { Value } from './value.ts'

type ByCurl = Exclude<Credentials, { kind: 'password' }>

/**
 * Logs in with curl, which can do what Node cannot: Kerberos (GSSAPI), and a client certificate that is asked for after
 * the handshake of TLS 1.3. Only the login goes through it; the session that it gives is used as any other.
 */
export async function loginByCurl(
  hub: HubAddress,
  call: Call,
  credentials: ByCurl,
  signal?: AbortSignal,
): Promise<Value> {
  if (credentials.kind === 'gssapi') await assertKerberos()
  const args = [
    '--silent',
    '--show-error',
    '--proto',
    '=https',
    '--max-time',
    '60',
    '--user-agent',
    'koji/1',
    '--header',
    'Content-Type: text/xml',
    '--data-raw',
    encodeCall(call.method, call.args, call.keywords),
    '--write-out',
    '\n%{http_code}',
    ...(hub.authority === null ? [] : ['--cacert', hub.authority.path]),
    ...proofOf(credentials),
    `${hub.url}/ssllogin`,
  ]
  const options = { env: environmentOf(credentials), deadline: 90_000, ...(signal ? { signal } : {}) }
  const { stdout } = await run('curl', args, options).catch((error: unknown) => {
    throw error instanceof ToolFailed && error.end.why === 'exit' ? whyFailed(error, error.end.code, hub) : error
  })
  return readAnswer(stdout, hub)
}

function proofOf(credentials: ByCurl): string[] {
  if (credentials.kind === 'gssapi') return ['--negotiate', '--user', ':']
  return ['--cert', credentials.chain.path, '--key', credentials.key.path]
}

/** Kerberos takes tickets by itself from the keytab that is named so: there is no kinit, and nothing to renew. */
function environmentOf(credentials: ByCurl): Record<string, string> {
  if (credentials.kind !== 'gssapi') return {}
  const { keytab, cache } = credentials
  return {
    ...(keytab === null ? {} : { KRB5_CLIENT_KTNAME: keytab }),
    ...(cache === null ? {} : { KRB5CCNAME: cache }),
  }
}

async function assertKerberos(): Promise<void> {
  const { stdout } = await run('curl', ['--version'], { deadline: 10_000 })
  if (/\bGSS-API\b/.test(stdout)) return
  throw new PermanentError('environment', 'curl on this host cannot do GSSAPI, which the login to Koji needs')
}

function readAnswer(stdout: string, hub: HubAddress): Value {
  const cut = stdout.lastIndexOf('\n')
  const [text, status] = [stdout.slice(0, cut), Number(stdout.slice(cut + 1))]
  if (status === 200) return readReply(text)
  if (status === 401)
    throw new HttpRefusal(401, `${hub.url}/ssllogin does not take our Kerberos ticket, or we have none`)
  throw refusal(status, `${hub.url}/ssllogin`, undefined, text)
}

/** Statuses of curl: 35, 58, 60, 77 and 91 are about certificates, all others about the connection. A login may be lost. */
function whyFailed(error: ToolFailed, code: number, hub: HubAddress): Error {
  const told = `the login to ${hub.url} by curl failed: ${error.message}`
  if ([35, 58, 60, 77, 91].includes(code)) return new NotTrusted(told, { cause: error })
  return new ConnectionLost(told, true, { cause: error })
}
