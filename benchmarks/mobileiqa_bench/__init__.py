"""Latency, memory and efficiency, measured so that a figure can be trusted."""
