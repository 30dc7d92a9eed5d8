import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A stand-in for the tool of an engine, declared in the engine's `testing/tool.ts`. */
export interface ScriptedTool {
  /** What the engine calls; the stand-in lies first on PATH under this name. */
  readonly command: string
  /** Whether the engine cannot run it as an ordinary user. */
  readonly needsRoot?: boolean
  /** What a run with these arguments says and makes when all is well. Any other run of the tool throws. */
  run(argv: readonly string[]): ToolRun
}

export interface ToolRun {
  /** What it says while it works, a line each. */
  readonly says: readonly string[]
  /** Where the disk goes, if this run makes one. Faults befall only such a run. */
  readonly disk?: string
  /** Makes of the written disk one that holds what the engine looks for in it. */
  readonly fill?: (disk: string) => void | Promise<void>
  /** Other files that it makes. */
  readonly makes?: readonly ToolFile[]
  /** By what it tells in the end that all went well. */
  readonly mark: { readonly says: readonly string[]; readonly makes?: readonly ToolFile[] }
}

interface ToolFile {
  readonly path: string
  readonly content: string
}

/** What is wrong with the run that makes the disk. */
export type Fault =
  | 'none'
  /** Writes half a disk, starts a process, and never ends. */
  | 'hangs talking'
  | 'hangs silently'
  | 'hangs and ignores SIGTERM'
  | 'ends well without a disk'
  | 'ends well without its mark'
  | 'ends well at once, without a word'
  | 'makes a qcow2'
  | 'makes a text'
  | 'says 256 MiB'

/** What the stand-in reads beside itself when it is called. */
export interface Scene {
  /** The engine's `testing/tool.ts`. */
  readonly module: string
  readonly fault: Fault
  /** What it writes when it hangs. */
  readonly hanging: string
  readonly diskBytes: number
}

/** Puts the stand-in into a folder that is to be first on PATH. */
export async function installTool(folder: string, tool: ScriptedTool, scene: Scene): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'scene.json'), JSON.stringify(scene))
  const player = join(import.meta.dirname, 'play-tool.ts')
  const script = `#!/bin/sh\nexec '${process.execPath}' '${player}' '${folder}/scene.json' "$@"\n`
  await writeFile(join(folder, tool.command), script)
  await chmod(join(folder, tool.command), 0o755)
}
