import { RecipeRefused } from '../../../recipe.ts'

const sections = /^%(pre|post|packages|addon|pre-install|onerror|traceback)\b[\s\S]*?^%end$/gm

const wanted = [
  [/^\s*(reboot|poweroff|shutdown|halt)\b/m, 'reboot, poweroff, shutdown or halt'],
  [/^\s*(rootpw|user)\b/m, 'rootpw or user'],
  [/^\s*(clearpart|ignoredisk)\b/m, 'clearpart'],
  [/^\s*(part|partition|autopart|reqpart|logvol)\b/m, 'part or autopart'],
] as const

/** Refuses a kickstart that leaves something for a person to answer: Oz waits until its time is up. */
export function assertUnattended(kickstart: string, named: string): void {
  const commands = kickstart.replaceAll(sections, '')
  const missing = wanted.filter(([pattern]) => !pattern.test(commands)).map(([, what]) => what)
  if (missing.length > 0) throw new RecipeRefused(`the kickstart of ${named} lacks ${missing.join(', and ')}`)
}
