-- The accounts of imagedrop. Once per server, as an administrator: psql -f roles.sql postgres
-- Running it again changes nothing. What each role may do is set by `imagedrop migrate`.
do $$
declare
  name text;
begin
  foreach name in array array[
    -- owns the tables; for `imagedrop migrate` only
    'imagedrop_owner',
    -- for people: status, retry, cancel, bless; their own accounts are members of it
    'imagedrop_operator',
    -- counts, and reads no event: for metrics and autoscaling
    'imagedrop_monitor',
    -- one per service, for its own jobs and events only; `npm run docs` writes them
    -- services
    'imagedrop_scheduler',
    'imagedrop_builder',
    'imagedrop_boot_tester',
    'imagedrop_converter',
    'imagedrop_ec2_publisher',
    'imagedrop_eucalyptus_publisher',
    'imagedrop_openstack_publisher',
    'imagedrop_mirror_publisher',
    'imagedrop_cloudstack_publisher',
    'imagedrop_announcer',
    'imagedrop_marketplace_publisher'
    -- /services
  ] loop
    if to_regrole(name) is null then
      -- No password: set one, or let the account come in by client certificate.
      execute format('create role %I login nosuperuser nocreatedb nocreaterole noreplication nobypassrls', name);
    end if;
  end loop;
end $$;
