import { expect, it } from 'vitest'
import { circlesOfFiles, circlesOfFolders } from './circles.ts'

const file = (path: string, ...imports: string[]) => ({ path, imports })

it('a circle of files is told once, wherever it is entered', () => {
  const files = [file('c.ts', 'a.ts'), file('a.ts', 'b.ts', 'd.ts'), file('b.ts', 'c.ts'), file('d.ts', 'zod')]
  expect(circlesOfFiles(files)).toEqual(['a.ts imports b.ts imports c.ts imports a.ts'])
})

it('two ways to one file are no circle', () => {
  expect(circlesOfFiles([file('a.ts', 'b.ts', 'c.ts'), file('b.ts', 'c.ts'), file('c.ts')])).toEqual([])
})

it('folders that import each other are a circle though no files do', () => {
  const files = [file('s/tree/a.ts', 's/index/b.ts'), file('s/index/b.ts', 's/tree/c.ts'), file('s/tree/c.ts')]
  expect(circlesOfFiles(files)).toEqual([])
  expect(circlesOfFolders(files)).toEqual(['s/index/ imports s/tree/ imports s/index/'])
})

it('a folder and a file beside it are a circle when each imports of the other', () => {
  const files = [file('s/work.ts', 's/xz/a.ts'), file('s/xz/b.ts', 's/work.ts'), file('s/xz/a.ts')]
  expect(circlesOfFolders(files)).toEqual(['s/work.ts imports s/xz/ imports s/work.ts'])
})
