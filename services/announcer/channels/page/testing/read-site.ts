import { join, posix } from 'node:path'
import { readIfThere } from '#files/durable.ts'

/** All pages that the start page leads to, by their paths; fails at a link or an anchor that leads nowhere. */
export async function readSite(folder: string): Promise<Map<string, string>> {
  const pages = new Map<string, string>()
  const start = await readPage(folder, 'index.html')
  if (start === null) return pages
  pages.set('index.html', start)
  // A map that grows is gone through to its end.
  for (const [path, markup] of pages) {
    for (const { page, anchor } of linksOf(path, markup)) {
      const found = pages.get(page) ?? (await readPage(folder, page))
      if (found === null) throw new Error(`${path} links ${page}, which is not there`)
      if (anchor !== '' && !found.includes(`id="${anchor}"`)) throw new Error(`${path} links ${page}#${anchor}`)
      pages.set(page, found)
    }
  }
  return pages
}

function linksOf(path: string, markup: string): { page: string; anchor: string }[] {
  return [...markup.matchAll(/ href="([^":#]*\.html)?(?:#([^"]*))?"/g)]
    .filter(([, page, anchor]) => page !== undefined || anchor !== undefined)
    .map(([, page, anchor = '']) => ({
      page: page === undefined ? path : posix.join(posix.dirname(path), page),
      anchor,
    }))
}

async function readPage(folder: string, path: string): Promise<string | null> {
  return (await readIfThere(join(folder, path)))?.toString('utf8') ?? null
}
