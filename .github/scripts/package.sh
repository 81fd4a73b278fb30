#!/usr/bin/env bash
# The package that Azure builds: the code, what it installs, and the market maps. Usage: package.sh FILE.zip
set -euo pipefail
target=$(realpath --canonicalize-missing "${1:?name of the zip file}")
cd "$(dirname "$0")/../.."
mkdir -p "$(dirname "$target")"
rm -f "$target"
git archive --format=zip --output="$target" HEAD -- function_app.py host.json requirements.txt shared ':(glob)infra/market-map*.yaml'
