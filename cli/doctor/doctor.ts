import { userInfo } from 'node:os'
import { delimiter } from 'node:path'
import { messageOf } from '#service/errors.ts'
import type { HostCheck, HostView } from '#service/host-check.ts'
import { findServices } from '../services.ts'
import type { CheckReport, DoctorReport } from './check.ts'
import { hostChecks } from './host-checks.ts'
import { readToolChecks } from './tool-checks.ts'

/** What doctor takes from the outside; the rest it looks up on the host. */
export interface DoctorOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stateFolder: string
  readonly host?: Partial<HostView>
}

/** Tells what this host has for the main job, what it lacks, what that costs, and the command that mends it. */
export async function doctor({ env, stateFolder, host }: DoctorOptions): Promise<DoctorReport> {
  const view: HostView = { ...thisHost(env, stateFolder), ...host }
  const declared = [...hostChecks, ...(await checksOfServices(env)), ...(await readToolChecks())]
  const checks = await Promise.all(declared.map((check) => report(check, view)))
  return { ok: checks.every((check) => check.ok || check.weight !== 'needed'), checks }
}

/** What each service wants of the host, as its folder says. */
async function checksOfServices(env: DoctorOptions['env']): Promise<HostCheck[]> {
  const services = await findServices(env)
  const parts = await Promise.all(services.names.map((name) => services.part(name, 'host-checks.ts')))
  return parts.flatMap((part) => (part === null ? [] : (part['hostChecks'] as readonly HostCheck[])))
}

function thisHost(env: DoctorOptions['env'], stateFolder: string): HostView {
  const { uid, username } = userInfo()
  // Debian keeps mkfs.ext4 and others where only root looks; the tools that call them look there too.
  const path = [...(env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''), '/usr/sbin', '/sbin']
  return { path, stateFolder, isRoot: uid === 0, user: username, env, kvmDevice: '/dev/kvm' }
}

async function report({ name, weight, look, cost, fix }: HostCheck, host: HostView): Promise<CheckReport> {
  try {
    const finding = await look(host)
    if ('found' in finding) return { name, weight, ok: true, seen: finding.found, cost: null, fix: null }
    return { name, weight, ok: false, seen: finding.missing, cost, fix }
  } catch (error) {
    return { name, weight, ok: false, seen: messageOf(error), cost, fix }
  }
}
