"""The Dynamics 365 back-ends: connector protocol, OData, auth, one module a back-end."""
