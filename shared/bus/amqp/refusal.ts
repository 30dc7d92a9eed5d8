/** The broker refuses us for a reason that does not change by itself: a person has to look. */
export class BrokerRefused extends Error {
  override name = 'BrokerRefused'
  readonly code = 'BROKER_REFUSED'
}

const basic = 60
const queueOrExchange = new Set([40, 50])

/** The error as a refusal if it is one, null if trying again may help. */
export function refusalIn(error: unknown): BrokerRefused | null {
  if (error instanceof BrokerRefused) return error
  if (!(error instanceof Error)) return null
  const isRefusal = 'code' in error ? isRefusalByCode(error) : isRefusalAtHandshake(error.message)
  return isRefusal ? new BrokerRefused(`RabbitMQ refuses us: ${error.message}`, { cause: error }) : null
}

function isRefusalByCode({
  code,
  classId,
  methodId,
}: Error & { code?: unknown; classId?: unknown; methodId?: unknown }) {
  switch (code) {
    case 403:
    case 530:
      return true
    case 404:
      // A queue that is gone is declared anew by the next try; what was only checked, or bound to, is not.
      return !(classId === basic && methodId === 20)
    case 406:
      // Of a declaration: it is there with other arguments. Of what we sent: we are not who we say that we are, which
      // IMAGEDROP_BUS_ACCOUNT mends. Else a delivery was held too long.
      return queueOrExchange.has(Number(classId)) || (classId === basic && methodId === 40)
    default:
      return false
  }
}

/** amqplib gives errors of the opening handshake no code: the broker's own words are all there is. */
function isRefusalAtHandshake(message: string): boolean {
  return (
    /^Handshake terminated by server: (403|530)\b/.test(message) ||
    /^SASL mechanism \w+ is not provided by the server$/.test(message)
  )
}

/**
 * The broker closed the connection when we asked for our virtual host: it is missing, not ours, or, while the broker
 * starts, down. amqplib does not hand on which, so only several such answers in a row are a refusal.
 */
export function isVirtualHostRefusal(error: Error): boolean {
  return error.message.startsWith('Expected ConnectionOpenOk; got <ConnectionClose ')
}
