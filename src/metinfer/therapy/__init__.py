"""Therapies and populations, what they would do, and how much of that is learnt."""
