"""The application settings that must be there, with connection strings that are well formed and lead nowhere."""

from __future__ import annotations

SERVICE_BUS = "Endpoint=sb://bus.example.com/;SharedAccessKeyName=connector;SharedAccessKey=secret-of-the-bus="
TABLES = "DefaultEndpointsProtocol=https;AccountName=tables;AccountKey=secret-of-the-tables="
SETTINGS = {"MARKET_MAP": "market-map.yaml", "ServiceBus": SERVICE_BUS, "TABLES_CONNECTION_STRING": TABLES}
