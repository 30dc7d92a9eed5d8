import { run } from '#subprocess/run.ts'
import type { BuildPlan, Description } from '../engine.ts'

/** What mkosi itself makes of the recipe and its arguments, for each of its runs: its summary, without what is the host's. */
export async function summarize({ commands }: BuildPlan, signal: AbortSignal): Promise<Description[]> {
  const summaries: Description[] = []
  for (const { name, argv } of commands) {
    const [tool, ...args] = argv
    const settings = args.filter((word) => word !== 'build' && word !== '--force')
    const { stdout } = await run(tool, [...settings, '--no-pager', 'summary'], { signal, deadline: 60_000 })
    summaries.push({ name: `mkosi summary: ${name}`, text: ofTheImage(stdout) })
  }
  return summaries
}

/**
 * Its last sections, named by the version, are about the host and the machines that it could start; it makes up a seed where none is
 * given, and knows the host's proxies.
 */
function ofTheImage(summary: string): string {
  const [told = ''] = summary.split(/^\s*(?:HOST|BUILD|RUNTIME)\b.*:$/m)
  return told.replaceAll(/^.*(\bSeed: |proxy).*\n/gim, '').trimEnd()
}
