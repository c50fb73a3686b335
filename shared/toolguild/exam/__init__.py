"""Exams: generating, comparing, mutating, weighing. Pure: no clock, no network, no sandbox, no model."""

from toolguild.exam.agreement import consensus, consensus_answers, disputes

__all__ = ["consensus", "consensus_answers", "disputes"]
