"""Measurements that answer a user's question: how long does it take, how much does it need. `make bench` prints one table."""
