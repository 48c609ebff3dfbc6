"""Decoding in child processes: pool.py is the parent's side, child.py the spawned process and the rest runs inside it."""
