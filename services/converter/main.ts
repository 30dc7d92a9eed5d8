import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { readConverterConfig } from './config.ts'
import { converter } from './service.ts'

/** Puts the converter together. */
export const assemble: Assemble = async ({ artifacts, env }) => {
  const { concurrency, threads, memoryMib, deadlineMinutes, idleMinutes } = readConverterConfig(env)
  const limits = {
    threads,
    memoryMib,
    deadline: deadlineMinutes * 60_000,
    idleDeadline: idleMinutes * 60_000,
  }
  return { service: bindService(converter, { artifacts, limits }, { concurrency }) }
}
