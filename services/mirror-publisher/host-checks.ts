import type { Finding, HostCheck, HostView } from '#service/host-check.ts'
import { readMirrorPublisherConfig } from './config.ts'
import { openSigning } from './signing/open-signing.ts'

const day = 86_400_000
/** Time enough to make a new key known before the old one ends. */
const enough = 30 * day

/** What the mirror-publisher wants of a host. */
export const hostChecks: readonly HostCheck[] = [
  {
    name: 'signing',
    weight: 'needed',
    look: lookAtSigning,
    cost: 'the mirror-publisher does not start with a key that cannot sign',
    fix: 'gpg --list-secret-keys; see the keys in docs/operations.md',
  },
  {
    name: 'signing key expiry',
    weight: 'better',
    look: lookAtExpiry,
    cost: 'nothing can be published once the key has expired',
    fix: 'gpg --quick-set-expire FINGERPRINT 2y; see the keys in docs/operations.md',
  },
]

/** Lets the key sign once, as the service does when it starts. */
async function lookAtSigning({ env }: HostView): Promise<Finding> {
  const { signer, sigstore } = await open(env)
  const keys = [
    ...(signer ? [`OpenPGP ${signer.key.fingerprint}`] : []),
    ...(sigstore ? [`Sigstore ${sigstore.hint.slice(0, 16)}`] : []),
  ]
  return { found: keys.length === 0 ? 'no key is set: drops are not signed' : keys.join(', ') }
}

async function lookAtExpiry({ env }: HostView): Promise<Finding> {
  const { signer } = await open(env)
  if (!signer) return { found: 'no key is set' }
  const { expires } = signer.key
  if (expires === null) return { found: 'it never expires' }
  const date = expires.toISOString().slice(0, 10)
  const left = expires.getTime() - Date.now()
  if (left > enough) return { found: `it expires on ${date}` }
  return { missing: `it expires on ${date}, in ${String(Math.max(0, Math.floor(left / day)))} days` }
}

function open(env: HostView['env']) {
  return openSigning(readMirrorPublisherConfig(env), { signal: AbortSignal.timeout(60_000), logFolder: null })
}
