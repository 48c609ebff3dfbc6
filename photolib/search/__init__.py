"""Words, or a picture, to photos."""
