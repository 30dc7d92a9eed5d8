import type { AuditFinding, ClaimedDrop } from '#service/audit.ts'
import type { Region } from '../aws/region.ts'
import { allOurs, dropOf, type ImportPlace } from '../imports/import-place.ts'
import { findKeys, findUploads, removeObjects } from '../imports/remove-objects.ts'
import type { RegionReport } from './audit-region.ts'

/**
 * Finds what was put into the bucket for an import and is still there, though nobody is at work on its drop. What is of a drop that the
 * ledger does not know may be another imagedrop's: it is told, and never touched.
 */
export async function auditImports(
  region: Region,
  place: ImportPlace,
  drops: readonly ClaimedDrop[],
  repair: boolean,
): Promise<RegionReport> {
  const uploads = await findUploads(region, place, allOurs)
  const objects = await findKeys(region, place, allOurs)
  const keys = new Set([...objects, ...uploads.flatMap(({ Key: key }) => key ?? [])])
  const findings: AuditFinding[] = []
  for (const key of keys) {
    const drop = dropOf(key)
    const owner = drops.find((one) => one.drop === drop)
    if (owner?.isUnderway === true || owner?.state === 'private') continue
    const id = `s3://${place.bucket}/${key}`
    const about = { place: region.name, id, drop, image: null, expected: 'not there', found: 'there' }
    if (owner === undefined) {
      const what = `${id} is of ${drop ?? 'no drop'}, which this ledger does not know`
      findings.push({ ...about, kind: 'unknown', what, repair: null, repaired: false })
      continue
    }
    if (repair) await removeObjects(region, place, key)
    const what = `${id} is still there, and nobody imports it any more`
    findings.push({ ...about, kind: 'left', what, repair: 'it is removed', repaired: repair })
  }
  return { looked: keys.size, findings }
}
