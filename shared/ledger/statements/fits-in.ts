import { sql } from 'kysely'
import type { Capacity } from '../needs.ts'

/** Whether the host has what a job needs, beside what it runs already. Room that is kept for the job itself is among what is used. */
export function fitsIn({ host, cores, memoryMib, diskMib, kvm, root, architectures }: Capacity, now: Date) {
  const isKept = sql`(job.room_host = ${host} and job.room_until >= ${now.getTime()})`
  const free = (need: string, used: string, all: number) =>
    sql`(${sql.ref(`job.${need}`)} = 0 or
      (case when ${isKept} then 0 else ${sql.ref(`job.${need}`)} end) + (select ${sql.ref(used)} from used) <= ${Math.floor(all)})`
  return sql<boolean>`(
    ${free('need_cores', 'cores', cores * 1000)} and ${free('need_memory', 'memory', memoryMib)}
    and ${free('need_disk', 'disk', diskMib)}
    and job.need_kvm <= ${kvm ? 1 : 0} and job.need_root <= ${root ? 1 : 0}
    and (job.need_architecture is null or job.need_architecture in (${sql.join(['', ...architectures])}))
  )`
}
