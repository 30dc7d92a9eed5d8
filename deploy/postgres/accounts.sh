#!/usr/bin/env bash
# Makes the roles of roles.sql and gives the database to them; each gets its password: BUILDER_PASSWORD for imagedrop_builder,
# none where there is no variable. As an administrator, whom psql finds in PGHOST, PGUSER, PGPASSWORD, PGDATABASE. Doing
# it again changes nothing, but for passwords that have changed.
set -euo pipefail

folder=$(dirname "$0")
sql() { psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 "$@"; }

sql --file="$folder/roles.sql"
sql --tuples-only --no-align --command="select rolname from pg_roles where rolname like 'imagedrop\\_%'" | while read -r role; do
  variable=$(printf '%s' "${role#imagedrop_}" | tr 'a-z' 'A-Z')_PASSWORD
  [ -n "${!variable:-}" ] || continue
  # Read by psql itself: a command line is there for all to see.
  printf '\\getenv password %s\nalter role :"role" password :%s;\n' "$variable" "'password'" | sql --set=role="$role"
done
sql --file="$folder/database.sql"
