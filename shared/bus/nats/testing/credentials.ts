import { randomUUID } from 'node:crypto'
import { nkeys } from '@nats-io/transport-node'

type KeyPair = ReturnType<typeof nkeys.createUser>

/**
 * An operator, an account that may use JetStream, and a user of it, each vouched for by the one before: the lines of
 * configuration for a server, and the user's credentials file.
 */
export function makeCredentials(): { config: string; credentials: string } {
  const [operator, system, account, user] = [
    nkeys.createOperator(),
    nkeys.createAccount(),
    nkeys.createAccount(),
    nkeys.createUser(),
  ]
  const unlimited = { subs: -1, data: -1, payload: -1 }
  const limits = { ...unlimited, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 }
  const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 }
  const operatorJwt = sign(operator, operator, { type: 'operator', system_account: system.getPublicKey() })
  const systemJwt = sign(operator, system, { type: 'account', limits })
  const accountJwt = sign(operator, account, { type: 'account', limits: { ...limits, ...storage } })
  const userJwt = sign(account, user, { type: 'user', ...unlimited })
  return {
    config: `operator: ${operatorJwt}
      resolver: MEMORY
      resolver_preload {
        ${system.getPublicKey()}: ${systemJwt}
        ${account.getPublicKey()}: ${accountJwt}
      }`,
    credentials: `-----BEGIN NATS USER JWT-----
${userJwt}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${Buffer.from(user.getSeed()).toString()}
------END USER NKEY SEED------
`,
  }
}

function sign(issuer: KeyPair, subject: KeyPair, nats: Readonly<Record<string, unknown>>): string {
  const claims = {
    jti: randomUUID(),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    name: 'test',
    sub: subject.getPublicKey(),
    nats: { ...nats, version: 2 },
  }
  const signed = [{ typ: 'JWT', alg: 'ed25519-nkey' }, claims].map(encode).join('.')
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
