"""What others make of the functions that figures are given for, one file for each."""
