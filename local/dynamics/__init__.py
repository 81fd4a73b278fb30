"""Simulators of the Dynamics 365 back-ends and the local OAuth authority."""
