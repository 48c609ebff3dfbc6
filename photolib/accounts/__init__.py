"""Who people are and how they come in: passwords, sessions, set-up, invitations, what slows guessing down."""
