"""The SDK's logger, silent unless a program that uses the SDK listens."""

import logging

log = logging.getLogger("mobileiqa_sdk")
log.addHandler(logging.NullHandler())
