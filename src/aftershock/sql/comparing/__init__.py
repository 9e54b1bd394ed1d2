"""Two queries compared by what they yield: both are brought to one form in which only that is left, and what is unequal there differs."""
