"""The mechanism: equations, compiled solve with exact gradient, inputs over time."""
