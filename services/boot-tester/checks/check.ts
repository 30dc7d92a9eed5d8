import type { CheckResult } from '#events/vocabulary.ts'
import type { Disk, System } from '../disk/disk.ts'

/** What came of a check, and what was seen. */
export type Judgement = Pick<CheckResult, 'outcome' | 'detail'>

/** What a script said in the guest: both streams, and its exit status. */
export interface Answer {
  readonly status: number
  readonly output: string
}

/** What came of a try to log in by ssh. */
export interface Login {
  readonly user: string
  /** Whether the login ended at a shell. */
  readonly shell: boolean
  /** What server and client said about it. */
  readonly said: string
}

/** What a judge may want to know about the machine. */
export interface Subject {
  readonly imageBytes: number
  readonly diskBytes: number
  /** What cloud-init says when it has found the data source of this boot. */
  readonly reportedAs: RegExp
}

interface Named {
  readonly name: string
  /** What is true of an image that passes, in one clause. */
  readonly description: string
  /** A warning is told, and fails no image. */
  readonly severity: 'error' | 'warning'
  /** Where it comes from: document and section. */
  readonly rule: string
  /** The day on which it was added, as `2026-11-26`; null when it has counted since there are checks. */
  readonly since: string | null
}

/** The disk itself is judged, where it lies, before it boots. */
interface RawCheck extends Named {
  readonly on: 'disk'
  readonly reads: 'disk'
  readonly judge: (disk: Disk) => Judgement | Promise<Judgement>
}

/** The files on the disk are judged, before it boots. */
interface FilesCheck extends Named {
  readonly on: 'disk'
  readonly reads: 'files'
  readonly judge: (system: System) => Judgement | Promise<Judgement>
}

/** One thing that must be true of an image that has not booted yet. */
export type DiskCheck = RawCheck | FilesCheck

/** A line must appear on the console, complete or not, colours taken out. */
export interface ConsoleCheck extends Named {
  readonly on: 'console'
  readonly expects: RegExp
}

/** A shell script runs as root in the guest after cloud-init has finished; what it says is judged. */
export interface GuestCheck extends Named {
  readonly on: 'guest'
  readonly script: string
  readonly judge: (answer: Answer, subject: Subject) => Judgement
  /** A line that the console must have shown before; without it the check has failed. */
  readonly expects?: RegExp
}

/** Somebody with the injected key logs in by ssh: the image's own user, or root. */
export interface LoginCheck extends Named {
  readonly on: 'login'
  readonly as: 'default-user' | 'root'
  readonly judge: (login: Login) => Judgement
}

/** One thing that must be true of an image that has booted. */
export type Check = ConsoleCheck | GuestCheck | LoginCheck

/** The guest boots once more. A shell script runs as root before that and one after it; what both say is judged. */
export interface RebootCheck extends Named {
  readonly on: 'reboot'
  readonly before: string
  readonly after: string
  readonly judge: (before: Answer, after: Answer) => Judgement
}

/** How a guest ended whose power button was pressed. */
export interface Shutdown {
  /** From the button to the end. */
  readonly seconds: number
  /** What is to be said of the file systems that it has left; skipped where the disk is out of our reach. */
  readonly fileSystems: Judgement
}

/** The power button is pressed, and what the guest leaves behind is judged. */
export interface ShutdownCheck extends Named {
  readonly on: 'shutdown'
  readonly judge: (shutdown: Shutdown) => Judgement
}

/** The disk that a guest has left boots as another instance; what that one learnt of its cloud is judged. */
export interface NewInstanceCheck extends Named {
  readonly on: 'new-instance'
  readonly judge: (learnt: readonly Pick<CheckResult, 'name' | 'outcome' | 'detail'>[]) => Judgement
}

/** One thing that must be true of an image after its first boot: each takes the guest through more of its life. */
export type LaterCheck = RebootCheck | ShutdownCheck | NewInstanceCheck

/** Judges by a condition: passed with what was seen when it holds, else failed with the same words. */
export function passedIf(condition: boolean, detail: string): Judgement {
  return { outcome: condition ? 'passed' : 'failed', detail }
}

/** Passed when nothing was found that should not be there; else failed with the first of what was found. */
export function passedIfNone(found: readonly string[], otherwise: string): Judgement {
  if (found.length === 0) return { outcome: 'passed', detail: otherwise }
  const rest = found.length - mostTold
  return {
    outcome: 'failed',
    detail: `${found.slice(0, mostTold).join('; ')}${rest > 0 ? `; and ${String(rest)} more` : ''}`,
  }
}

const mostTold = 8

/** There was nothing to judge. */
export function skipped(detail: string): Judgement {
  return { outcome: 'skipped', detail }
}

/** The line of a tool's output that a person wants to see first. */
export function lastLine(said: string): string {
  return said.trim().split('\n').at(-1)?.trim() ?? ''
}
