"""Measurements: scripts that print a table, each described in docs/performance.md. Nothing here is a test."""
