// Production. A value that the workflow's environment lacks stops the deployment before Azure sees it.
using 'main.bicep'

param environmentName = 'prod'
param rolloutStage = readEnvironmentVariable('ROLLOUT_STAGE')
param marketMap = readEnvironmentVariable('MARKET_MAP')
param marketSettings = {
  CT_API_URL: readEnvironmentVariable('CT_API_URL')
  CT_AUTH_URL: readEnvironmentVariable('CT_AUTH_URL')
  CT_CLIENT_ID: readEnvironmentVariable('CT_CLIENT_ID')
  BC_URL: readEnvironmentVariable('BC_URL')
  BC_TENANT: readEnvironmentVariable('BC_TENANT')
  BC_CLIENT_ID: readEnvironmentVariable('BC_CLIENT_ID')
  BC_COMPANY_PILOT: readEnvironmentVariable('BC_COMPANY_PILOT')
  BC_COMPANY_OTHERS: readEnvironmentVariable('BC_COMPANY_OTHERS')
  BC_REVENUE_ACCOUNT: readEnvironmentVariable('BC_REVENUE_ACCOUNT')
  BC_ROUNDING_ACCOUNT: readEnvironmentVariable('BC_ROUNDING_ACCOUNT')
}
param dynamicsSignIn = readEnvironmentVariable('DYNAMICS_SIGN_IN', 'federated')
param eventsAudience = readEnvironmentVariable('EVENTS_ENTRA_AUDIENCE', '')
param operatorsGroupId = readEnvironmentVariable('OPERATORS_GROUP_ID', '')
param alertEmails = split(readEnvironmentVariable('ALERT_EMAILS'), ' ')

// Microsoft does not recommend RollingUpdate, a preview, for production.
param updateStrategy = 'Recreate'
param serviceBusTier = 'Premium'
param privateNetwork = true
param storageSku = 'Standard_ZRS'
param retentionDays = 90
param scale = {
  instanceMemoryMB: 2048
  maximumInstances: 100
  httpConcurrency: 16
  maxConcurrentSessions: 8
  maxConcurrentCalls: 8
  // The intake answers at once, and the first order after a quiet hour is not late.
  alwaysReady: [
    { name: 'http', instanceCount: 1 }
    { name: 'function:orders', instanceCount: 1 }
  ]
}
