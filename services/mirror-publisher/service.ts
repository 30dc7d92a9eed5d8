import { dropBlessed } from '#events/drop-blessed.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropFailed } from '#events/drop-failed.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { dropPublished } from '#events/drop-published.ts'
import { dropReady, type DropReady } from '#events/drop-ready.ts'
import { dropStaged, type DropStaged } from '#events/drop-staged.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { say } from '#events/define.ts'
import type { EnvelopeOf } from '#events/envelope.ts'
import { imagePublished } from '#events/image-published.ts'
import { defineService, type Context, type WaitFor } from '#service/define.ts'
import { expectedFailure } from './expected-failure.ts'
import { changeIndexes } from './streams/change-indexes.ts'
import { endOf } from './streams/end-of.ts'
import { writeFileTimeList } from './streams/file-time-list.ts'
import {
  makeRoom,
  noteEnd,
  noteOpen,
  notePublished,
  noteRegistrations,
  noteStaged,
  pathOfPublished,
} from './streams/note-drop.ts'
import type { StreamDocument } from './streams/stream-document.ts'
import { graceOf } from './streams/grace-of.ts'
import type { Mirror } from './mirror.ts'
import { nameDrop } from './naming/name-drop.ts'
import { planTree } from './plan-tree.ts'
import { pushTo } from './push/push-all.ts'
import { explainFullDisk, forIndexes } from './tree/capacity.ts'
import { noteOf } from './streams/note-of.ts'
import { openDrop } from './tree/open.ts'
import { signatureOf } from './signing/signature-of.ts'
import { publicFiles } from './tree/public-files.ts'
import { stageDrop, type Tree } from './tree/stage.ts'
import { withdrawDrop } from './tree/withdraw.ts'

/** Stages a ready drop closed on the mirror master, opens it when it is blessed, and withdraws it at its end. */
export const mirrorPublisher = defineService({
  name: 'mirror-publisher',
  consumes: [dropReady, dropBlessed, dropMirrored, dropPublished, imagePublished, dropSuperseded, dropExpired],
  emits: [dropStaged, dropMirrored, dropFailed],
  // An image that is public in one place more is told of in the indexes; the drop is published without.
  asides: [imagePublished],
  // Two drops may be meant for one place, and the indexes are of the whole tree: one change at a time.
  // Masters that are not waited for are pushed to beside that.
  keyOf: ({ subject }) => (subject === 'drop.mirrored.v1' ? 'masters' : 'mirror'),
  async handle(event, mirror: Mirror, context) {
    if (event.subject === 'image.published.v1') return await tellPlaces(event, mirror, context)
    const { subject, body, time } = event
    const note = (change: (document: StreamDocument) => StreamDocument) =>
      changeIndexes(body.compose, change, mirror, context)
    const list = ({ leftOut = false } = {}) =>
      writeFileTimeList(mirror, { changed: nameDrop(body).path, leftOut, signal: context.signal })
    const required = mirror.masters.filter((master) => master.required)
    try {
      switch (subject) {
        case 'drop.ready.v1': {
          const tree = await stageDrop(planTree(body), mirror, context)
          await note((document) => noteStaged(document, body, time))
          const wait = await pushTo(required, mirror, context)
          return wait ? { events: [], wait } : [say(dropStaged, await tell(body, tree, mirror, context))]
        }
        case 'drop.blessed.v1': {
          const plan = planTree(body)
          // What is replaced is in no index any more when its files go.
          const beforeReplacing = async () => {
            await note((document) => makeRoom(document, body.drop, plan.path, time))
            await list({ leftOut: true })
          }
          const tree = await openDrop(plan, mirror, { ...context, beforeReplacing })
          const said = await tell(body, tree, mirror, context)
          await note((document) => noteOpen(document, { ...said, told: body, by: body.by }, time))
          await list()
          const wait = await pushTo(required, mirror, context)
          return wait ? { events: [], wait } : [say(dropMirrored, { ...said, images: body.images })]
        }
        case 'drop.mirrored.v1': {
          const others = mirror.masters.filter((master) => !master.required)
          return afterwards(await pushTo(others, mirror, context))
        }
        case 'drop.published.v1':
          await note((document) => notePublished(document, body, time))
          await list()
          return afterwards(await pushTo(mirror.masters, mirror, context))
        case 'drop.superseded.v1':
        case 'drop.expired.v1': {
          // Nothing that an index names ever goes.
          const noted = await note((document) => noteEnd(document, body.drop, endOf(body), time))
          const stays = graceOf(noted, body.drop, { grace: mirror.grace, now: context.now() })
          if (stays) {
            await list()
            return { events: [], wait: (await pushTo(mirror.masters, mirror, context)) ?? stays }
          }
          await list({ leftOut: true })
          await withdrawDrop(body.drop, body, mirror, { ...context, note: noteOf(noted, body.drop) })
          await list()
          return afterwards(await pushTo(mirror.masters, mirror, context))
        }
      }
    } catch (thrown) {
      const error = await explainFullDisk(thrown, forIndexes, mirror.root)
      const failure = expectedFailure(error)
      // A drop that cannot be withdrawn has not failed: it is over, and the job waits for an operator.
      if (failure === null || (subject !== 'drop.ready.v1' && subject !== 'drop.blessed.v1')) throw error
      return [say(dropFailed, { drop: body.drop, failure })]
    }
  },
})

/** Tells of an image of a published drop where it is public now. Before that there is nothing to tell, nor to push. */
async function tellPlaces({ body, time }: EnvelopeOf<typeof imagePublished>, mirror: Mirror, context: Context) {
  const change = (document: StreamDocument) => noteRegistrations(document, body, time)
  const path = pathOfPublished(await changeIndexes(body.compose, change, mirror, context), body.drop)
  if (path === null) return []
  await writeFileTimeList(mirror, { changed: path, leftOut: false, signal: context.signal })
  return afterwards(await pushTo(mirror.masters, mirror, context))
}

function afterwards(wait: WaitFor | null) {
  return wait ? { events: [], wait } : []
}

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
