#!/usr/bin/env bash
# Puts passwords into definitions: BUILDER_PASSWORD for imagedrop-builder, and none where there is no variable.
#   passwords.sh < definitions.json > with-passwords.json
set -euo pipefail

while IFS= read -r line; do
  case $line in
    *'"name": "'*)
      name=${line#*'"name": "'}
      name=${name%%'"'*}
      variable=$(printf '%s' "${name#imagedrop-}" | tr 'a-z' 'A-Z' | tr -c 'A-Z0-9' '_')_PASSWORD
      ;;
    *'"password_hash": ""'*)
      if [ -n "${!variable:-}" ]; then line=${line/'"password_hash": ""'/"\"password\": \"${!variable}\""}; fi
      ;;
  esac
  printf '%s\n' "$line"
done
