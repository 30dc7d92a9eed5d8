import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { recipesFolder } from '../../services/builder/read-recipe.ts'

const program = join(recipesFolder, 'debian/image/fill-root')

/** Fills a root file system with a tree, as the recipe of Debian's images does, beside it. Times are seconds since 1970. */
export async function fillRoot(
  tree: string,
  { uuid, time }: { readonly uuid: string; readonly time: number },
): Promise<string> {
  const env = {
    BUILDROOT: tree,
    ROOT_UUID: uuid,
    SOURCE_DATE_EPOCH: String(time),
    E2FSPROGS_FAKE_TIME: String(time),
  }
  await run(program, [], { env, deadline: 600_000 })
  const disk = `${tree}.img`
  await rename(join(tree, 'root.img'), disk)
  return disk
}
