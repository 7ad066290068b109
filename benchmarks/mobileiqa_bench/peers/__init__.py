"""Other programs that score photos, beside ours, on the same photos: ``python -m mobileiqa_bench.peers``.

Each peer is installed in an environment of its own, which the command is given. None is a dependency.
"""
