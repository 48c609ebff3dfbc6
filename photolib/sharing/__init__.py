"""Sharing: grants to people with an account (grants), links for those without one (links)."""
