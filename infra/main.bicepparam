// Development, and what azd deploys: every value comes from the azd environment (azd env set NAME VALUE).
using 'main.bicep'

param environmentName = 'dev'
param azdEnvironment = readEnvironmentVariable('AZURE_ENV_NAME', '')
param rolloutStage = readEnvironmentVariable('ROLLOUT_STAGE', 'shadow')
param marketMap = readEnvironmentVariable('MARKET_MAP', 'infra/market-map.example.yaml')
param marketSettings = {
  CT_API_URL: readEnvironmentVariable('CT_API_URL', 'https://api.europe-west1.gcp.commercetools.com')
  CT_AUTH_URL: readEnvironmentVariable('CT_AUTH_URL', 'https://auth.europe-west1.gcp.commercetools.com')
  CT_CLIENT_ID: readEnvironmentVariable('CT_CLIENT_ID', 'not-set')
  BC_URL: readEnvironmentVariable('BC_URL', 'https://api.businesscentral.dynamics.com/v2.0/not-set/sandbox/api/v2.0')
  BC_TENANT: readEnvironmentVariable('BC_TENANT', 'not-set')
  BC_CLIENT_ID: readEnvironmentVariable('BC_CLIENT_ID', 'not-set')
  BC_COMPANY_PILOT: readEnvironmentVariable('BC_COMPANY_PILOT', 'not-set')
  BC_COMPANY_OTHERS: readEnvironmentVariable('BC_COMPANY_OTHERS', 'not-set')
  BC_REVENUE_ACCOUNT: readEnvironmentVariable('BC_REVENUE_ACCOUNT', 'not-set')
  BC_ROUNDING_ACCOUNT: readEnvironmentVariable('BC_ROUNDING_ACCOUNT', 'not-set')
}
param dynamicsSignIn = readEnvironmentVariable('DYNAMICS_SIGN_IN', 'federated')
param eventsAudience = readEnvironmentVariable('EVENTS_ENTRA_AUDIENCE', '')
param operatorsGroupId = readEnvironmentVariable('OPERATORS_GROUP_ID', '')
