"""Ways out: originals under names people read, with sidecars other programs read. The command and the page both begin here."""
