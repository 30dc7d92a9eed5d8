import type { AuditFinding, ClaimedDrop } from '#service/audit.ts'
import type { Region } from '../aws/region.ts'
import { allOurs, dropOf, type ImportPlace } from '../imports/import-place.ts'
import { findKeys, findUploads, removeObjects } from '../imports/remove-objects.ts'

/**
 * Finds what was put into the bucket for an import and is still there, though nobody is at work on its drop. What is of a drop that the
 * ledger does not know may be another imagedrop's: it is told, and never touched.
 */
export async function auditImports(
  region: Region,
  place: ImportPlace,
  drops: readonly ClaimedDrop[],
  repair: boolean,
): Promise<AuditFinding[]> {
  const uploads = await findUploads(region, place, allOurs)
  const keys = [...(await findKeys(region, place, allOurs)), ...uploads.flatMap(({ Key: key }) => key ?? [])]
  const findings: AuditFinding[] = []
  for (const key of new Set(keys)) {
    const drop = dropOf(key)
    const owner = drops.find((one) => one.drop === drop)
    if (owner?.isUnderway === true || owner?.state === 'private') continue
    const what = `s3://${place.bucket}/${key}`
    const found = { place: region.name, drop }
    if (owner === undefined) {
      const unknown = `${what} is of ${drop ?? 'no drop'}, which this ledger does not know`
      findings.push({ ...found, what: unknown, repair: null, repaired: false })
      continue
    }
    if (repair) await removeObjects(region, place, key)
    findings.push({
      ...found,
      what: `${what} is still there, and nobody imports it any more`,
      repair: 'it is removed',
      repaired: repair,
    })
  }
  return findings
}
