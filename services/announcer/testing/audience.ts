import type { Kind } from '../story/news.ts'

/** People whom a channel tells, for its contract: behind a real server where there is one. */
export interface Audience extends AsyncDisposable {
  /** Settings by which the channel reaches them. */
  readonly env: Readonly<Record<string, string>>
  /** What they chose to be told; default published drops alone. */
  readonly chose?: readonly Kind[]
  /** All that they were told of a drop: a mail, a line, an entry, each as often as it is there. */
  heard(drop: string): Promise<readonly Heard[]>
}

/** One thing that was told. */
export interface Heard {
  /** What people read, without its frame. */
  readonly text: string
  /** All that programs go by, in order: headers, elements, lines. No text of a drop may change it. */
  readonly frame: readonly string[]
}

/** What a channel's `testing/audience.ts` exports as `openAudience`; `announcements` is the folder that it writes to. */
export type OpenAudience = (announcements: string) => Promise<Audience>
