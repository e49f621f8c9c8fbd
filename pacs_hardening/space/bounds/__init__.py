"""What holds for whoever may ask, too: so many matches, nothing replaced, nowhere but where it is declared."""
