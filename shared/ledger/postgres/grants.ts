/**
 * What each role may do, for the roles that deploy/postgres/roles.sql has made; without them nothing changes. A
 * service's role is `imagedrop_` and its name, and sees and writes its own rows only. A row of the outbox without a
 * service is a request, which operators alone can write and the scheduler takes in.
 *
 * A policy compares in a collation that no index has: so it is looked at in each row that a statement finds, and never a way to find
 * rows. Else a plan that is made while the tables are empty may read all jobs of the service to find one by its id, for as long as
 * the plan is kept (decision 0090).
 */
export const grants = `do $$
declare
  service record;
  tables constant text[] := array['jobs', 'outbox', 'entities', 'ended_drops', 'wakes', 'workers'];
  name text;
begin
  if to_regrole('imagedrop_operator') is null then return; end if;
  foreach name in array tables loop
    execute format('alter table %I enable row level security', name);
    execute format('drop policy if exists imagedrop_operator on %I', name);
    execute format('create policy imagedrop_operator on %I to imagedrop_operator using (true)%s', name,
      case name when 'outbox' then ' with check (service is null)' else '' end);
  end loop;

  for service in
    select rolname as role, replace(substr(rolname, length('imagedrop_') + 1), '_', '-') as name from pg_roles
    where rolname like 'imagedrop\\_%' and rolname not in ('imagedrop_owner', 'imagedrop_operator', 'imagedrop_monitor')
  loop
    foreach name in array tables loop
      execute format('drop policy if exists %I on %I', service.role, name);
      execute format('create policy %I on %I to %I using (service collate "C" = %L)', service.role, name, service.role, service.name);
    end loop;
    execute format('grant select on kysely_migration, jobs, outbox, entities, ended_drops, wakes, workers to %I', service.role);
    execute format('grant insert on jobs, entities, ended_drops, wakes, workers to %I', service.role);
    execute format('grant delete on wakes, workers to %I', service.role);
    execute format('grant update (capacity, slots, seen_at) on workers to %I', service.role);
    execute format('grant insert (event_id, subject, drop_id, envelope, service, said_at, lease_owner, lease_until) on outbox to %I', service.role);
    execute format('grant update (sent_at, lease_owner, lease_until) on outbox to %I', service.role);
    execute format('grant update (state, attempts, due_at, lease_owner, lease_until, lease_host, preempted_by, room_host, room_until, cancel_requested, error, started_at, finished_at) on jobs to %I', service.role);
    execute format('grant update (wait_for, wait_reason, wait_kind, wait_since, wait_state, woken_by, woken_seq, wakes_seen) on jobs to %I', service.role);
    execute format('grant update (version, state) on entities to %I', service.role);
    execute format('grant execute on function preempt to %I', service.role);
  end loop;

  if to_regrole('imagedrop_scheduler') is not null then
    drop policy if exists said_by_people on outbox;
    drop policy if exists requests_seen on outbox;
    drop policy if exists requests_taken on outbox;
    create policy requests_seen on outbox for select to imagedrop_scheduler using (service is null);
    create policy requests_taken on outbox for update to imagedrop_scheduler using (service is null);
  end if;

  grant select on kysely_migration, jobs, outbox, entities, ended_drops, workers to imagedrop_operator;
  grant update (state, attempts, due_at, error, finished_at, cancel_requested) on jobs to imagedrop_operator;
  grant update (wait_for, wait_reason, wait_kind, wait_since, wait_state, woken_by, woken_seq, wakes_seen) on jobs to imagedrop_operator;
  grant insert (event_id, subject, drop_id, envelope, said_at, lease_owner, lease_until) on outbox to imagedrop_operator;
  grant delete on ended_drops to imagedrop_operator;

  if to_regrole('imagedrop_monitor') is not null then
    drop policy if exists imagedrop_monitor on jobs;
    create policy imagedrop_monitor on jobs for select to imagedrop_monitor using (true);
    drop policy if exists imagedrop_monitor on outbox;
    create policy imagedrop_monitor on outbox for select to imagedrop_monitor using (true);
    grant select on kysely_migration to imagedrop_monitor;
    grant select (service, state, due_at, lease_until, accepted_at, started_at, finished_at, wait_reason, wait_kind, wait_since, woken_seq) on jobs to imagedrop_monitor;
    grant select (need_cores, need_memory, need_disk, need_kvm, need_root, need_architecture) on jobs to imagedrop_monitor;
    drop policy if exists imagedrop_monitor on workers;
    create policy imagedrop_monitor on workers for select to imagedrop_monitor using (true);
    grant select on workers to imagedrop_monitor;
    grant select (subject, service, said_by, said_at, sent_at) on outbox to imagedrop_monitor;
  end if;
end $$`
