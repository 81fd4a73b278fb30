"""The canonical model → Dataverse payloads for sales orders, accounts and contacts."""
