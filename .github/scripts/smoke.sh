#!/usr/bin/env bash
# After a deployment: the intake answers Event Grid's handshake, refuses strangers, and `ctd365 doctor` is content with
# the settings as deployed. DOCTOR=online where the runner reaches Dynamics, Service Bus and Tables; else offline.
set -euo pipefail
: "${AZURE_RESOURCE_GROUP:?}" "${AZURE_FUNCTION_NAME:?}" "${FUNCTION_HOST_NAME:?}" "${DOCTOR:=offline}"

app=(--resource-group "$AZURE_RESOURCE_GROUP" --name "$AZURE_FUNCTION_NAME")
intake="https://${FUNCTION_HOST_NAME}/api/commercetools/events"
key=$(az functionapp keys list "${app[@]}" --query functionKeys.default --output tsv)
echo "::add-mask::$key"

handshake() {
  curl --silent --output /dev/null --write-out '%{http_code}' --max-time 30 --request OPTIONS \
    --header 'WebHook-Request-Origin: eventgrid.azure.net' "$@" "$intake"
}

status=000
for _ in 1 2 3 4 5 6 7 8 9 10; do # a cold start and a rolling update take a while
  status=$(handshake --header "x-functions-key: $key" || true)
  [ "$status" = 200 ] && break
  sleep "${SMOKE_WAIT_SECONDS:-15}"
done
if [ "$status" != 200 ]; then
  echo "::error::The intake answered $status to the handshake; see the exceptions in Application Insights."
  exit 1
fi

status=$(handshake || true)
if [ "$status" != 401 ]; then
  echo "::error::The intake answered $status without a key; 401 was expected."
  exit 1
fi

while IFS=$'\t' read -r name value; do
  if [[ $DOCTOR = online && $value =~ ^@Microsoft\.KeyVault\(VaultName=([^;]+)\;SecretName=([^\)]+)\)$ ]]; then
    value=$(az keyvault secret show --vault-name "${BASH_REMATCH[1]}" --name "${BASH_REMATCH[2]}" --query value --output tsv)
    echo "::add-mask::$value"
  fi
  export "$name=$value"
done < <(az functionapp config appsettings list "${app[@]}" --query '[].[name, value]' --output tsv)
# These two are the application's: the runner signs in as itself, and its checks are no telemetry.
unset AZURE_CLIENT_ID APPLICATIONINSIGHTS_CONNECTION_STRING

options=()
[ "$DOCTOR" = online ] || options=(--offline)
python -m shared.cli doctor "${options[@]}"
