#!/usr/bin/env bash
# A password for each account of compose.yaml, and the token of the HTTP API: deploy/secrets.sh > .env
# They begin with a letter: NATS would take some of those that begin with a digit for numbers.
set -euo pipefail

secret() { printf '%s=s%s\n' "$1" "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"; }

cd "$(dirname "$0")/../services"
for service in */; do
  secret "$(printf '%s' "${service%/}" | tr 'a-z-' 'A-Z_')_PASSWORD"
done
# The database's administrator; `imagedrop migrate`; people.
for account in DATABASE OWNER OPERATOR; do secret "${account}_PASSWORD"; done
secret SCHEDULER_TOKEN
