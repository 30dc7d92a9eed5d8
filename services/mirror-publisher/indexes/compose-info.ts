import type { TreePlan } from '../plan-tree.ts'
import { productmdArch } from './images-index.ts'

/**
 * The drop as a compose in productmd's composeinfo.json 1.2: with it, and images.json beside it, productmd's `Compose`
 * opens the folder of a drop, local or by HTTP.
 */
export function formatComposeInfo({ identity, variant, files }: TreePlan): string {
  const { id, type, date, respin, label, short, version } = identity.compose
  const folders = new Map(
    files.map(({ architecture, path }) => [productmdArch(architecture), path.slice(0, path.lastIndexOf('/'))]),
  )
  const info = {
    header: { type: 'productmd.composeinfo', version: '1.2' },
    payload: {
      compose: { date, id, respin, type, ...(label === null ? {} : { final: false, label }) },
      // That a compose is the release itself is decided days after it, so it is never said here.
      release: { internal: false, name: short, short, type: 'ga', version },
      variants: {
        [variant]: {
          arches: [...folders.keys()].toSorted(),
          id: variant,
          name: variant,
          paths: { images: Object.fromEntries(folders) },
          type: 'variant',
          uid: variant,
        },
      },
    },
  }
  return `${JSON.stringify(info, null, 4)}\n`
}
