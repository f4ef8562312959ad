"""What a program asks for, by the flows that the console uses."""
