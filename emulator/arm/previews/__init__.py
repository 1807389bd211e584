"""What a deployment would do, told without doing it: validate, what-if, exported templates."""
