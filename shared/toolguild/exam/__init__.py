"""Exams: generating, comparing, mutating, weighing. Pure: no clock, no network, no sandbox, no model."""
