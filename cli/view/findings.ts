import { cloudAudited, type CloudAudited, type StandingFinding } from '#events/cloud-audited.ts'
import { everyEvent } from '#ledger/every-event.ts'
import type { Ledger } from '#ledger/ledger.ts'

/** What an audit found of a drop, and where it was published to. */
export type FoundOf = StandingFinding & Pick<CloudAudited, 'target'>

/** What the last audits of all targets found of a drop, and stands. */
export async function readFindings(ledger: Pick<Ledger, 'events'>, drop: string): Promise<FoundOf[]> {
  const last = new Map<string, CloudAudited>()
  // An audit says all that stands, so of each target the last one counts.
  for await (const { envelope } of everyEvent(ledger, { subject: cloudAudited.subject })) {
    const body = envelope.body as CloudAudited
    last.set(body.target, body)
  }
  return [...last.values()].flatMap(({ target, findings }) =>
    findings.filter((one) => one.drop === drop).map((one) => ({ target, ...one })),
  )
}

/** The same for people. */
export function reportFindings(findings: readonly FoundOf[]): string[] {
  return findings.map(
    ({ target, place, what, since }) => `  ${target.padEnd(9)} ${what}: ${place}, found on ${since.slice(0, 10)}`,
  )
}
