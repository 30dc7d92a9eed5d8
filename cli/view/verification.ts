import type { Finding } from '../../services/mirror-publisher/verification/finding.ts'
import type { Verification } from '../../services/mirror-publisher/verification/verify-drop.ts'

const marks: Readonly<Record<Finding['outcome'], string>> = { good: '✓', wrong: '✗', unknown: '?' }

const conclusions: Readonly<Record<Verification['verdict'], string>> = {
  verified: 'verified: all that was checked is right',
  unproven: 'unproven: nothing is wrong, but who signed it was not checked (--key)',
  wrong: 'wrong: do not use it',
}

/** Writes what was verified for people: what is good in few lines, what is wrong or unknown each by its file. */
export function renderVerification({ where, drop, compose, verdict, findings }: Verification): string {
  const subject = drop === null ? where : `${drop} of the compose ${compose ?? 'unknown'}, at ${where}`
  const byKind = Map.groupBy(findings, ({ about }) => about)
  const lines = [...byKind].flatMap(([about, all]) => {
    const [good, rest] = [
      all.filter(({ outcome }) => outcome === 'good'),
      all.filter(({ outcome }) => outcome !== 'good'),
    ]
    return [...summarise(about, good), ...rest.map((one) => line(about, one))]
  })
  return `${[subject, ...lines, conclusions[verdict]].join('\n')}\n`
}

/** Of many files that are as listed, the number is enough. */
function summarise(about: Finding['about'], good: readonly Finding[]): string[] {
  if (about !== 'checksum' || good.length === 0) return good.map((one) => line(about, one))
  return [`${marks.good} ${about.padEnd(12)}  ${String(good.length)} files are as listed`]
}

function line(about: Finding['about'], { outcome, file, detail }: Finding): string {
  return `${marks[outcome]} ${about.padEnd(12)}  ${file === null ? '' : `${file}: `}${detail}`
}
