"""`python -m metinfer.cli`."""

from metinfer.cli import main

main()
