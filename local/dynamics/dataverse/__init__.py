"""The Dataverse Web API with the tables of Dynamics 365 Sales that orders need."""
