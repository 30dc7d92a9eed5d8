import { cloudAudited, type CloudAudited, type StandingFinding } from '#events/cloud-audited.ts'
import type { Ledger } from '#ledger/ledger.ts'

/** What an audit found of a drop, and where it was published to. */
export type FoundOf = StandingFinding & Pick<CloudAudited, 'target'>

/** What the last audits of all targets found of a drop, and stands. */
export async function readFindings(ledger: Pick<Ledger, 'events'>, drop: string): Promise<FoundOf[]> {
  const said = await ledger.events({ subject: cloudAudited.subject, limit: 1_000_000 })
  const bodies = said.map(({ envelope }) => envelope.body as CloudAudited)
  // An audit says all that stands, so of each target the last one counts.
  const last = new Map(bodies.map((body) => [body.target, body]))
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
