"""Beats and shots to a plan: the steps that `studio/plan.py` puts together."""
