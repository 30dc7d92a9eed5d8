import { say, type EventDefinition } from '#events/define.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { checkOutgoing } from '#events/parse.ts'
import type { Ledger } from '#ledger/ledger.ts'

/** A person's request, in the name of the account that it is made with. */
export function requestOf<Body extends { readonly by: string }>(
  definition: EventDefinition<string, Body>,
  asked: Omit<Body, 'by'>,
  account: string,
): Envelope {
  const envelope = seal(say(definition, { ...asked, by: account } as Body), { now: new Date() })
  checkOutgoing(envelope)
  return envelope
}

/** Puts a person's request in the ledger, which notes the account that wrote it; the scheduler finds it there. */
export async function askInLedger<Body extends { readonly by: string }>(
  ledger: Ledger,
  definition: EventDefinition<string, Body>,
  asked: Omit<Body, 'by'>,
): Promise<Envelope> {
  const envelope = requestOf(definition, asked, await ledger.account())
  await ledger.say(envelope, new Date())
  return envelope
}
