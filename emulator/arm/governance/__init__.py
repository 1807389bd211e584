"""Who may do what, what is refused whoever asks, and how much of anything there is: the rules above all providers."""
