"""Decisions as OpenTelemetry traces, made from what the ledger has of them."""

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""Standard variables; where none is set there are no traces."""
