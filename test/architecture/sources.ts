import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

/** A source file of the project, with what it imports: packages by name, our own files by path from the root. */
export interface Source {
  readonly path: string
  readonly lines: number
  readonly imports: readonly string[]
}

/** Every TypeScript file of the project. */
export function readSources(): Source[] {
  const folders = ['cli', 'deploy', 'docs', 'services', 'shared', 'test']
  const paths = folders.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root }))
  return paths.map((path) => {
    const text = readFileSync(join(root, path), 'utf8')
    return { path, lines: text.split('\n').length - 1, imports: importsOf(path, text) }
  })
}

/** Whether a file is a test or supports tests. */
export function isTest({ path }: Pick<Source, 'path'>): boolean {
  return /\.(test|contract)\.ts$|\/testing\//.test(path) || path.startsWith('test/')
}

/** Whether a file is started as a program, or found by its name or by the compiler: nobody needs to import it. */
export function isFound({ path }: Pick<Source, 'path'>): boolean {
  if (path.endsWith('.d.ts')) return true
  return /\/(main|cloud-main|generate|step|stand-in|host-checks|audit|channel|engine)\.ts$/.test(path)
}

function importsOf(path: string, text: string): string[] {
  const found = text.matchAll(/(?:^import\s[^'"]*?|^export\s[^'"]*?from\s|\bimport\()\s*['"]([^'"]+)['"]/gm)
  return [...found].map((match) => resolveImport(path, match[1] ?? ''))
}

function resolveImport(path: string, specifier: string): string {
  if (specifier.startsWith('#test/')) return specifier.replace('#', '')
  if (specifier.startsWith('#')) return specifier.replace('#', 'shared/')
  if (!specifier.startsWith('.')) return specifier
  return relative(root, normalize(join(root, dirname(path), specifier)))
}
