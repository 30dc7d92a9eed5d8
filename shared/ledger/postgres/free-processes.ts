/**
 * Which processes are free to take jobs of which service. Each says so by an advisory lock of its notification
 * connection, shared with all that are free for the same service: when a process dies, in whatever way, the server
 * itself takes it off the list. No table has to be written, cleared up or secured.
 */
const space = 0x1d_f4_ee

/** Where a process hears that it is called, by the id of its notification connection's backend. */
export function channelOf(backend: number): string {
  return `imagedrop_${String(backend)}`
}

export const becomeFree = `
  select pg_advisory_lock_shared(${String(space)}, hashtext(service)) from unnest($1::text[]) as service`

export const becomeBusy = `
  select pg_advisory_unlock_shared(${String(space)}, hashtext(service)) from unnest($1::text[]) as service`

/** The free processes of `service`, by the backends of their notification connections. */
const freeOnes = `
  select pid from pg_locks
  where locktype = 'advisory' and objsubid = 2 and classid = ${String(space)}
    and objid = (hashtext(service)::bigint & 4294967295)::oid
    and database = (select oid from pg_database where datname = current_database())`

/** Calls one free process for each service, not always the same; a row for each that was called. */
export const callOneFree = `
  select pg_notify('imagedrop_' || one.pid, 'service ' || service) from unnest($1::text[]) as service,
    lateral (${freeOnes} and pid <> pg_backend_pid() order by random() limit 1) as one`

/** A row for each service of which we are the first of the free. */
export const firstOfFree = `
  select service from unnest($1::text[]) as service
  where pg_backend_pid() = (select min(pid) from (${freeOnes}) as one)`
