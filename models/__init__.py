"""Neural models, not database models. None is wired up yet: `photolib status` says which abilities that leaves off."""
