"""Breaks the real stack in every way at once and counts, at the simulated HubSpot, what it cost."""
