"""How the bundled model is made: BIQ2021 photos, an ImageNet backbone, eight small heads.

Not part of the wheel; run it from the repository's root with ``python -m training``.
"""
