import type { LaunchAddressOf } from '../../../story/launch.ts'
import { linkBelow, type LinkTo } from '../../../story/link.ts'
import type { Story } from '../../../story/story.ts'
import type { Html } from '#markup/html.ts'
import type { Theme } from './theme.ts'

/** What all pages of the site are made with. */
export interface Site {
  readonly title: string
  readonly theme: Theme
  /** Public address of the mirror's root; null when it has none. */
  readonly mirrorUrl: string | null
  readonly launchAddressOf: LaunchAddressOf
  /** Address at which the folder of the start page is seen. */
  readonly pageUrl: string
  /** The domain that ids are made with. */
  readonly domain: string
}

/** One page: where it is in the site, and what is in it. */
export interface Page {
  readonly path: string
  readonly title: string
  readonly content: (at: Place) => Html
}

/** Where a page stands, for what leads from it to elsewhere. */
export interface Place {
  readonly site: Site
  /** From this page to the folder of the start page: empty, or `../`. */
  readonly root: string
  /** To another page. */
  readonly to: (page: string) => string
  /** To a file on the mirror. */
  readonly toFile: LinkTo
}

/** Where each page is, from the folder of the start page. */
export const addresses = {
  start: 'index.html',
  all: 'drops.html',
  calendar: 'calendar.ics',
  drop: ({ drop }: Pick<Story, 'drop'>) => `drops/${drop}.html`,
  releaseCalendar: (release: string) => `releases/${release}.ics`,
  release: (release: string) => `releases/${release}.html`,
  year: (year: string) => `years/${year}.html`,
}

/** The place of a page in the site. */
export function placeOf(site: Site, path: string): Place {
  const root = '../'.repeat(path.split('/').length - 1)
  return {
    site,
    root,
    to: (page) => root + page,
    // Without a public mirror, pages link to the one beside them in the state folder.
    toFile: linkBelow(site.mirrorUrl ?? `${root}../mirror`),
  }
}

/** What people call a release: `Debian 12`. */
export function releaseTitle(release: string): string {
  return release.replaceAll('-', ' ')
}
