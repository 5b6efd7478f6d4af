"""Sections of the page, one module each: from results to what its template shows."""
