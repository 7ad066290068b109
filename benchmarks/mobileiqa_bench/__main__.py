"""``python -m mobileiqa_bench`` is ``mobileiqa benchmark``."""

from __future__ import annotations

import sys

from mobileiqa_sdk.__main__ import main

if __name__ == "__main__":
    sys.argv.insert(1, "benchmark")
    main()
