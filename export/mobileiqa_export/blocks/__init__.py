"""The blocks that the published student and its teacher share; one idea a file."""
