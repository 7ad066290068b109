"""Engines of ``mobileiqa benchmark`` that run a checkpoint; registered as entry points ``mobileiqa.engines``.

Each module has an ``ENTRY``, and imports what it needs to run a network only when it loads one.
"""
