import { killBefore } from './kill-before.ts'

/** A process that announces one drop, and is killed before one of its steps. Says how many steps it took. */
export interface Lone {
  readonly state: string
  readonly roots: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** 0 for none. */
  readonly killBefore: number
}

const lone = JSON.parse(process.argv[2] ?? '') as Lone
const steps = killBefore(lone.killBefore)
const { openAnnouncer } = await import('./open-announcer.ts')
const { debianDrop } = await import('./drops.ts')
const { published } = await import('./news.ts')
const announcer = await openAnnouncer(lone)
await announcer.hear(published(debianDrop()))
process.stdout.write(String(steps()))
