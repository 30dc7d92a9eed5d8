-- Gives the database that we are in to the accounts of roles.sql. Running it again changes nothing.
do $$
declare
  role text;
  one text;
begin
  execute format('alter database %I owner to imagedrop_owner', current_database());
  execute format('revoke connect on database %I from public', current_database());
  for role in select rolname from pg_roles where rolname like 'imagedrop\_%' loop
    execute format('grant connect on database %I to %I', current_database(), role);
  end loop;
  -- Where an administrator's account had made the tables.
  for one in select tablename from pg_tables where schemaname = 'public' and tableowner <> 'imagedrop_owner' loop
    execute format('alter table public.%I owner to imagedrop_owner', one);
  end loop;
end $$;
