"""ARM templates as data: lenient reading, expressions, evaluation, limits, links, checks."""
