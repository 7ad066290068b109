"""Measures whether a model ranks photos as people do: rated datasets, agreement, distortion ladders.

No torch.
"""
