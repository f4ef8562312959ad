"""Set silences and inhibitions, see what they would hide, and ask them before anybody is told."""
