"""What another package adds to the SDK: a runtime for ``.grey`` files, a command and an engine.

A ``.grey`` file is a contract as JSON; the model answers the mean brightness.
"""

from mobileiqa_sdk.runtimes import RuntimeEntry

RUNTIME = RuntimeEntry("mobileiqa_grey.runtime", "mobileiqa-grey", ("mobileiqa_grey",), ".grey")
ENGINE = "mobileiqa_grey.engine"
