"""What quantization needs and does: calibration photos, simulated integers, sensitive layers, corrections."""
