"""The quantization study: calibration photos, simulated integers, and which layers cannot afford them."""
