"""The local Functions host: runs an app through the library that indexes and invokes functions in Azure."""
