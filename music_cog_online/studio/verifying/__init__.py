"""A finished file to what is true of it: the steps that `studio/verify.py` puts together."""
