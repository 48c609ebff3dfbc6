"""The commands of the command line, a file for each that has much to say. cli.py puts them together."""
