"""Faults that are tried on purpose: stops, full disks, damaged files, hostile tables."""
