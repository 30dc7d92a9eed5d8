import { join } from 'node:path'
import { imageKey, type MirroredFile } from '#events/vocabulary.ts'
import { putFile } from '../durable.ts'
import type { PlannedImage, TreePlan } from '../plan-tree.ts'
import { formatBootTest } from './boot-test.ts'
import type { Setting } from './maker.ts'
import { readPackageList } from './package-list.ts'
import { formatProvenance } from './provenance.ts'
import { formatReadme } from './readme.ts'
import { formatSpdx } from './spdx.ts'

/**
 * Writes beside each image what it is made of, how it came to be and what its boot test saw, and a README for the drop;
 * says what was written. The images, their package lists, how they were made and what boot tests kept are in the folder already.
 */
export async function writeEvidence(folder: string, plan: TreePlan, setting: Setting): Promise<MirroredFile[]> {
  const beside = []
  for (const image of plan.images) beside.push(...(await writeBeside(folder, image, plan, setting)))
  const readme = await putFile(folder, 'README', formatReadme(plan, setting))
  return [...beside, readme]
}

async function writeBeside(
  folder: string,
  image: PlannedImage,
  { drop, identity }: TreePlan,
  { maker, sigstore }: Setting,
): Promise<MirroredFile[]> {
  const { stem, of, seen, description } = image
  const { evidence } = of
  const put = (ending: string, text: string) => putFile(folder, `${stem}.${ending}`, text)
  const kept = [...seen, ...description].map(({ path, artifact: { sha256, size } }) => ({
    path,
    sha256,
    size,
    image: null,
  }))

  const written: MirroredFile[] = []
  const listed = image.files.find(({ artifact }) => artifact === of.packages)
  if (listed?.artifact.format === 'json') {
    const list = await readPackageList(join(folder, listed.path), imageKey(of.image))
    written.push(await put('spdx.json', formatSpdx(image, { identity, list, maker })))
  }
  if (!evidence) return [...kept, ...written]
  written.push(await put('boot-test.json', formatBootTest(drop, image, evidence)))
  const provenance = formatProvenance(image, { drop, identity, evidence, maker, beside: written })
  written.push(await put('provenance.json', provenance))
  if (sigstore) written.push(await put('provenance.sigstore.json', sigstore.signStatement(provenance)))
  return [...kept, ...written]
}
