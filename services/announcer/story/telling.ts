import type { News } from './news.ts'
import type { Story } from './story.ts'

/** Something that is told: a publication with all of its story, or other news. */
export type Telling = { readonly kind: 'published'; readonly drop: string; readonly story: Story } | News
