import { z } from 'zod'
import type { Logger } from 'pino'
import { PermanentError } from '#service/errors.ts'
import type { KojiHub } from '../hub/connect.ts'
import { isOver, type Task } from '../hub/task.ts'
import type { KojiPlan } from '../order/plan.ts'
import type { Upload } from '../order/upload.ts'
import { BadReply } from '../rpc/decode.ts'
import { adler32 } from './adler32.ts'
import { cancelTask } from './cancel.ts'
import type { FindTasks } from './find.ts'
import { assertBuildable } from './preflight.ts'

export interface SubmitContext {
  readonly find: FindTasks
  readonly log: Logger
  readonly signal: AbortSignal
  /** Whether a task that has closed is still good for this image: its child may have failed, its files may be gone. */
  readonly isUsable: (task: Task) => Promise<boolean>
}

/**
 * Has a task for a plan, and returns its number: one that is there already, or a new one. Two who do this at the same
 * time end up with the same task.
 */
export async function haveTask(plan: KojiPlan, hub: KojiHub, context: SubmitContext): Promise<number> {
  const { log, signal } = context
  const there = await oldestUsable(plan, context)
  if (there) {
    log.info({ task: there.id }, 'took up the task that is there')
    return there.id
  }
  await assertBuildable(plan, hub, signal)
  if (plan.upload) await sendFile(plan.upload, hub, signal)
  const lookUp = async () => (await oldestUsable(plan, context))?.id ?? null
  const made = z
    .int()
    .positive()
    .safeParse(await hub.session.change(plan.call, lookUp, signal))
  if (!made.success) throw new BadReply(`${plan.call.method} gave no number of a task`)
  log.info({ task: made.data, method: plan.call.method, scratch: plan.scratch }, 'ordered the image of Koji')
  return await keepOldest(made.data, plan, hub, context)
}

/** Somebody may have ordered the same since it was looked for. Whoever comes later sees both, and gives up the younger. */
async function keepOldest(mine: number, plan: KojiPlan, hub: KojiHub, context: SubmitContext): Promise<number> {
  const oldest = await oldestUsable(plan, context)
  if (oldest === null || oldest.id >= mine) return mine
  context.log.info({ task: oldest.id, cancelled: mine }, 'took up the task that was there before ours')
  await cancelTask(mine, hub, context.signal)
  return oldest.id
}

async function oldestUsable(plan: KojiPlan, { find, signal, isUsable }: SubmitContext): Promise<Task | null> {
  for (const task of await find(plan, signal)) {
    if (!isOver(task) || (await isUsable(task))) return task
  }
  return null
}

const block = 1024 * 1024

/** Sends a file in blocks, each with its checksum, and has the hub say what it has of the whole. */
async function sendFile({ folder, name, content }: Upload, { session }: KojiHub, signal: AbortSignal): Promise<void> {
  const bytes = Buffer.from(content)
  for (let offset = 0; offset === 0 || offset < bytes.length; offset += block) {
    const part = bytes.subarray(offset, offset + block)
    const place = { filename: name, filepath: folder, fileverify: 'adler32', offset: String(offset), overwrite: '1' }
    const taken = receipt.safeParse(await session.upload(new URLSearchParams(place), part, signal))
    if (!taken.success || taken.data.size !== part.length || taken.data.hexdigest !== adler32(part)) {
      throw new PermanentError('environment', `the hub did not take ${name} as it was sent`)
    }
  }
  // The hub takes a block that leaves a hole before it.
  const keywords = { verify: 'adler32' }
  const kept = receipt.safeParse(await session.ask({ method: 'checkUpload', args: [folder, name], keywords }, signal))
  if (kept.success && kept.data.size === bytes.length && kept.data.hexdigest === adler32(bytes)) return
  throw new PermanentError('environment', `the hub does not have ${name} as it was sent`)
}

const receipt = z.object({ size: z.int(), hexdigest: z.string() })
