"""Decisions as OpenTelemetry traces, made from what the ledger has of them."""
