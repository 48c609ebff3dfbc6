"""What photos, videos and their sidecars say about themselves: bytes in, facts out. Knows neither database nor settings."""
