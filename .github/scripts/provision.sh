#!/usr/bin/env bash
# Provision, or show what would change. Usage: provision.sh create|what-if FILE.bicepparam
# Outputs of the template become environment variables of the steps that follow.
set -euo pipefail
cd "$(dirname "$0")/../.."
mode=${1:?create or what-if}
file=${2:?parameter file}
: "${AZURE_RESOURCE_GROUP:?}"

# A variable that GitHub does not know arrives as an empty text; the defaults of the file are for absent ones.
for name in $(grep --only-matching --perl-regexp "readEnvironmentVariable\('\K\w+" "$file"); do
  [ -n "${!name:-}" ] || unset "$name"
done
missing=()
for name in $(grep --only-matching --perl-regexp "readEnvironmentVariable\('\K\w+(?='\))" "$file"); do
  [ -v "$name" ] || missing+=("$name")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "::error file=$file::These variables of the GitHub environment are empty: ${missing[*]}. See docs/deployment.md."
  exit 1
fi

arguments=(--resource-group "$AZURE_RESOURCE_GROUP" --name "main-${GITHUB_RUN_ID:-local}" --parameters "$file")
if [ "$mode" = what-if ]; then
  exec az deployment group what-if "${arguments[@]}"
fi
# Resource Manager changes the case of output names.
az deployment group create "${arguments[@]}" --query properties.outputs --output json |
  python3 -c 'import json, sys; [print(f"{k.upper()}={v["value"]}") for k, v in json.load(sys.stdin).items()]' \
    >>"${GITHUB_ENV:-/dev/stdout}"
