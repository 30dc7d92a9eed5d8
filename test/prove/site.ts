import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { AxeResults } from 'axe-core'
import { chromium, type Browser, type Page } from 'playwright-core'
import { samples, showSampleSite } from '../../services/announcer/channels/page/testing/sample-site.ts'
import { formatPage } from '../../services/boot-tester/report/page.ts'
import { sampleReport } from '../../services/boot-tester/report/testing/sample-report.ts'
import { openAnnouncer } from '../../services/announcer/testing/open-announcer.ts'

const programs = ['/usr/bin/chromium', '/usr/bin/chromium-browser']
const picture = join(import.meta.dirname, '..', '..', 'docs', 'images', 'page.png')

const paths = ['index.html', 'drops.html', 'years/2026.html', 'releases/Debian-12.html', ...Object.values(samples)]

/** How people look at the site. */
const looks = [
  { name: 'desktop', width: 1280, height: 900, colorScheme: 'light', media: 'screen' },
  { name: 'phone', width: 390, height: 844, colorScheme: 'light', media: 'screen' },
  { name: 'dark', width: 1280, height: 900, colorScheme: 'dark', media: 'screen' },
  { name: 'phone-dark', width: 390, height: 844, colorScheme: 'dark', media: 'screen' },
  { name: 'print', width: 794, height: 1123, colorScheme: 'light', media: 'print' },
] as const

/**
 * Shows a site of three releases, and the report of a boot test, in Chromium, without scripts, as a file: on a desktop, on a phone, dark, on paper. Proves
 * that axe finds nothing on any page and that nothing is wider than the screen; renews the picture of the README.
 */
export async function prove(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-site-'))
  const env = { IMAGEDROP_ANNOUNCER_MIRROR_URL: 'https://download.example.org/pub' }
  const announcer = await openAnnouncer({ state: folder, env })
  await showSampleSite(announcer)
  const pictures = join(folder, 'pictures')
  await mkdir(pictures)
  const executablePath = programs.find((path) => existsSync(path))
  if (executablePath === undefined) throw new Error(`there is none of ${programs.join(', ')}: install chromium`)
  const browser = await chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 })
  console.log(`Chromium ${browser.version()}; pictures of all pages are in ${pictures}`)
  try {
    const faults: string[] = []
    const pages = [
      ...paths.map((path) => ({ path, address: pathToFileURL(announcer.at(path)).href })),
      { path: 'boot-test.html', address: await showReport(folder) },
    ]
    for (const look of looks) {
      for (const { path, address } of pages) {
        const found = await lookAt(browser, {
          look,
          address,
          picture: join(pictures, `${look.name}-${flat(path)}.png`),
        })
        faults.push(...found.map((fault) => `${look.name} ${path}: ${fault}`))
      }
    }
    await takePicture(browser, pathToFileURL(announcer.at('index.html')).href)
    for (const fault of faults) console.log(fault)
    console.log(`${String(pages.length)} pages, ${String(looks.length)} looks: ${String(faults.length)} faults`)
    return faults.length === 0
  } finally {
    await browser.close()
  }
}

/** The report of a boot test, as it lies beside an image. */
async function showReport(folder: string): Promise<string> {
  const path = join(folder, 'boot-test.html')
  await writeFile(path, await formatPage(await sampleReport(folder)))
  return pathToFileURL(path).href
}

interface Sight {
  readonly look: (typeof looks)[number]
  readonly address: string
  readonly picture: string
}

async function lookAt(browser: Browser, { look, address, picture }: Sight): Promise<string[]> {
  const { width, height, colorScheme, media } = look
  const context = await browser.newContext({ viewport: { width, height }, colorScheme })
  try {
    const page = await context.newPage()
    await page.emulateMedia({ media })
    const lost: string[] = []
    page.on('requestfailed', (request) => lost.push(`${request.url()} was not loaded`))
    await page.goto(address)
    await page.screenshot({ path: picture, fullPage: true })
    const wide = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
    const isStyled = await page.evaluate<boolean>('getComputedStyle(document.body).maxWidth !== "none"')
    return [
      ...lost,
      ...(wide > 0 ? [`${String(wide)} pixels wider than the screen`] : []),
      ...(isStyled ? [] : ['has no style']),
      ...(media === 'screen' ? await violations(page) : []),
    ]
  } finally {
    await context.close()
  }
}

/** What axe finds, with what is folded away unfolded so that it is looked at too. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'))
  await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true')
  const { violations: found } = await page.evaluate<AxeResults>('axe.run()')
  return found.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 120)}`))
}

async function takePicture(browser: Browser, address: string): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 960 }, deviceScaleFactor: 1 })
  await page.goto(address)
  await page.screenshot({ path: picture })
  await page.close()
}

function flat(path: string): string {
  return path.replaceAll('/', '-').replace('.html', '')
}
