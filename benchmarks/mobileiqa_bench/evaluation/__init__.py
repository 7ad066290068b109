"""Does a model rank photos as people do? Rated datasets, agreement figures, distortion ladders. No torch."""
