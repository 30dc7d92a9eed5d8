import type { Audit, AuditFinding } from '#service/audit.ts'
import { readClaims } from '#service/claims.ts'
import { defineCommand } from '../command.ts'
import { stateOption } from '../options.ts'
import { findServices, type Services } from '../services.ts'
import { openLedgerToAsk, stateFolderOf } from '../stack.ts'
import { UsageError } from '../usage.ts'

export const auditCommand = defineCommand({
  name: 'audit',
  summary: 'compare what is published in a cloud with what the ledger says of it',
  argument: { name: 'TARGET', means: 'the cloud, by the name that plans have for it' },
  options: {
    repair: { means: 'mend what can be mended; without it nothing is changed' },
    json: { means: 'print one line of JSON for each finding' },
    state: stateOption,
  },
  examples: ['audit ec2', 'audit openstack --repair'],
  exits: { 0: 'all is as the ledger says, or was mended', 1: 'something is not, and is said' },
  async run({ values: { repair, json, state }, args: [target = ''], env }) {
    const services = await findServices(env)
    const audit = await findAudit(services, target)
    await using ledger = await openLedgerToAsk(stateFolderOf(state, env), env)
    const publishers = services.steps.filter(({ publishes }) => publishes?.target === target)
    const drops = (await Promise.all(publishers.map(({ service }) => readClaims(ledger, { service, target })))).flat()
    const { findings } = await audit.run({ drops, repair, env, signal: new AbortController().signal })
    const lines = json ? findings.map((finding) => JSON.stringify(finding)) : findings.map(lineOf)
    const nothing = json ? [] : [`${target}: all is as the ledger says`]
    process.stdout.write([...(lines.length === 0 ? nothing : lines)].map((line) => `${line}\n`).join(''))
    return findings.every(({ repaired }) => repaired) ? 0 : 1
  },
})

async function findAudit(services: Services, target: string): Promise<Audit> {
  const parts = await Promise.all(services.names.map((name) => services.part(name, 'audit.ts')))
  const audits = parts.flatMap((part) => (part === null ? [] : [part['audit'] as Audit]))
  const found = audits.find((audit) => audit.target === target)
  if (found) return found
  const known = audits.map((audit) => audit.target).join(', ')
  throw new UsageError(`nothing can be compared for ${JSON.stringify(target)}; it can for ${known}`)
}

function lineOf({ place, what, repair, repaired }: AuditFinding): string {
  if (repair === null) return `${place}: ${what}; a person has to decide`
  return `${place}: ${what}; ${repaired ? `mended: ${repair}` : `with --repair ${repair}`}`
}
