import { dropBlessed } from '#events/drop-blessed.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropFailed } from '#events/drop-failed.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { dropReady, type DropReady } from '#events/drop-ready.ts'
import { dropStaged, type DropStaged } from '#events/drop-staged.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { say } from '#events/define.ts'
import { defineService, type Context } from '#service/define.ts'
import { expectedFailure } from './expected-failure.ts'
import { writeFileTimeList } from './indexes/file-time-list.ts'
import type { Mirror } from './mirror.ts'
import { planTree } from './plan-tree.ts'
import { explainFullDisk, forIndexes } from './tree/capacity.ts'
import { openDrop } from './tree/open.ts'
import { signatureOf } from './signing/signature-of.ts'
import { publicFiles } from './tree/public-files.ts'
import { stageDrop, type Tree } from './tree/stage.ts'
import { withdrawDrop } from './tree/withdraw.ts'

/** Stages a ready drop closed on the mirror master, opens it when it is blessed, and withdraws it at its end. */
export const mirrorPublisher = defineService({
  name: 'mirror-publisher',
  consumes: [dropReady, dropBlessed, dropSuperseded, dropExpired],
  emits: [dropStaged, dropMirrored, dropFailed],
  // Two drops may be meant for one place, and the index is of the whole tree: one change at a time.
  keyOf: () => 'mirror',
  async handle({ subject, body }, mirror: Mirror, context) {
    try {
      switch (subject) {
        case 'drop.ready.v1':
          return [say(dropStaged, await tell(body, await stageDrop(planTree(body), mirror, context), mirror, context))]
        case 'drop.blessed.v1': {
          const tree = await openDrop(planTree(body), mirror, context)
          await writeFileTimeList(mirror.root, context.signal)
          return [say(dropMirrored, { ...(await tell(body, tree, mirror, context)), images: body.images })]
        }
        case 'drop.superseded.v1':
        case 'drop.expired.v1':
          await withdrawDrop(body.drop, body, mirror)
          await writeFileTimeList(mirror.root, context.signal)
          return []
      }
    } catch (thrown) {
      const error = await explainFullDisk(thrown, forIndexes, mirror.root)
      const failure = expectedFailure(error)
      // A drop that cannot be withdrawn has not failed: it is over, and the job waits for an operator.
      if (failure === null || subject === 'drop.superseded.v1' || subject === 'drop.expired.v1') throw error
      return [say(dropFailed, { drop: body.drop, failure })]
    }
  },
})

async function tell(
  body: Pick<DropReady, 'drop' | 'kind' | 'milestone' | 'compose'>,
  tree: Tree,
  { signer }: Mirror,
  { signal }: Context,
): Promise<DropStaged> {
  const { drop, kind, milestone, compose } = body
  const signature = await signatureOf(tree.folder, signer, signal)
  const told = { drop, kind, milestone, compose, path: tree.record.path, files: await publicFiles(tree) }
  return signature ? { ...told, signature } : told
}
