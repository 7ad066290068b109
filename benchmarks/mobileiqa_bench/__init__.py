"""Measures latency, memory and efficiency so that the figures can be trusted."""
