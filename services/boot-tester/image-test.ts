import { join } from 'node:path'
import { counts, type CheckResult } from '#events/vocabulary.ts'
import { messageOf, PermanentError } from '#service/errors.ts'
import { isTransient } from '#service/failure.ts'
import { sideBySide } from '#service/side-by-side.ts'
import type { BootContext, BootReport, BootTest } from './boot-report.ts'
import type { BootRun, JudgeDisk, ImageTest, ImageUnderTest } from './image-report.ts'
import type { Boot, BootPlan, BootPolicy } from './plan/boot-policy.ts'
import type { Tried } from './verdict/found.ts'
import type { KnownFailure } from './verdict/known-failures.ts'
import { reachVerdict } from './verdict/reach-verdict.ts'
import { waiverFor, type Rules, type Weight } from './verdict/waive.ts'

interface ImageTestOptions {
  readonly policy: BootPolicy
  readonly bootTestOf: (boot: Boot) => BootTest
  /** An image whose disk is broken is not booted: it would take minutes to say less. */
  readonly checkDisk?: JudgeDisk
  readonly weights: readonly Weight[]
  readonly known: readonly KnownFailure[]
}

/** A machine that was lost is tried once more at once; after that, the job is, perhaps on another host. */
const triesOfLost = 2

/** Tests an image by its disk and by all boots that the policy has for it, and says the verdict. */
export function createImageTest({ policy, bootTestOf, checkDisk, weights, known }: ImageTestOptions): ImageTest {
  return async (image, context) => {
    const { subject } = image
    const plan = policy.planFor(subject)
    const rules: Rules = { weights, known, subject, today: context.now().toISOString().slice(0, 10) }
    const disk = (await checkDisk?.(image, context)) ?? []
    const done = disk.some((one) => fails(one, rules)) ? [] : await bootAll({ image, plan, bootTestOf, rules }, context)
    const planned = plan.boots.map(({ name }) => name)
    const { outcomes, ...verdict } = reachVerdict({ disk, planned, tried: done.map(({ tried }) => tried) }, rules)
    return {
      ...verdict,
      boots: done.map((one, index) => describe(one, outcomes[index] ?? 'errored')),
      errors: done.flatMap(({ error }) => (error === undefined ? [] : [error])),
    }
  }
}

/** Whether a result, found in some boot or on the disk, counts. */
function fails(result: CheckResult, rules: Rules): boolean {
  return counts(result) && waiverFor(result, rules) === undefined
}

interface Work {
  readonly image: ImageUnderTest
  readonly plan: BootPlan
  readonly bootTestOf: (boot: Boot) => BootTest
  readonly rules: Rules
}

/** One try. */
interface Done {
  readonly boot: Boot
  readonly tried: Tried
  readonly report?: BootReport
  readonly error?: unknown
}

async function bootAll(work: Work, context: BootContext): Promise<Done[]> {
  const { boots, afterFailure, atOnce } = work.plan
  let isOver = false
  const pieces = boots.map((boot) => async (signal: AbortSignal) => {
    if (isOver) return []
    const tries = await bootUntilClear(boot, work, { ...context, signal })
    isOver = afterFailure === 'stop' && tries.some(({ tried }) => isFailed(tried, work.rules))
    return tries
  })
  return (await sideBySide(pieces, { atOnce, signal: context.signal })).flat()
}

/** Tries a boot again while the policy and its outcome want it. */
async function bootUntilClear(boot: Boot, { image, plan, bootTestOf, rules }: Work, context: BootContext) {
  const done: Done[] = []
  for (;;) {
    const attempt = done.length + 1
    const one = await bootOnce(boot, attempt, { image, plan, bootTest: bootTestOf(boot) }, context)
    done.push(one)
    const { tried, error } = one
    const again =
      error !== undefined && isTransient(error) ? attempt < triesOfLost : isFailed(tried, rules) && attempt < plan.tries
    if (!again) return done
  }
}

async function bootOnce(
  boot: Boot,
  attempt: number,
  { image, plan, bootTest }: Pick<Work, 'image' | 'plan'> & { readonly bootTest: BootTest },
  context: BootContext,
): Promise<Done> {
  const { name } = boot
  const folder = attempt === 1 ? name : `${name}-${String(attempt)}`
  const isOneOfMany = plan.boots.length > 1 || attempt > 1
  try {
    const report = await bootTest(image, {
      ...context,
      workFolder: join(context.workFolder, folder),
      logFolder: join(context.logFolder, folder),
      progress: ({ phase, ...rest }) => {
        context.progress({ ...rest, phase: isOneOfMany ? `${folder}: ${phase}` : phase })
      },
    })
    return { boot, tried: { boot: name, attempt, found: { checks: report.checks } }, report }
  } catch (error) {
    context.signal.throwIfAborted()
    if (!(isTransient(error) || error instanceof PermanentError)) throw error
    return { boot, tried: { boot: name, attempt, found: { reason: messageOf(error) } }, error }
  }
}

function isFailed({ boot, found }: Tried, rules: Rules): boolean {
  return 'checks' in found && found.checks.some((check) => fails({ ...check, boot }, rules))
}

function describe({ boot, tried, report }: Done, outcome: BootRun['outcome']): BootRun {
  const { name, hardware, datasource } = boot
  const { attempt, found } = tried
  const about = { name, attempt, outcome, ...hardware, datasource, reason: 'reason' in found ? found.reason : null }
  if (!report) {
    return { ...about, accelerator: 'none', seconds: 0, phases: [], console: null, screenshots: [], requests: null }
  }
  const { accelerator, seconds, phases, console, screenshots, requests } = report
  return { ...about, accelerator, seconds, phases, console, screenshots, requests }
}
