"""The report: one HTML file a decision-maker can read, and the numbers behind it."""
