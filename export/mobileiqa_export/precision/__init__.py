"""How numbers are stored and computed with, and which layers cannot afford it."""
