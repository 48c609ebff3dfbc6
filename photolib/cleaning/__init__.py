"""What a share link serves of an original: the picture untouched, and what it tells about people and places taken out."""
