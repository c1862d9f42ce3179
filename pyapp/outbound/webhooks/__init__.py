"""Webhooks on their way out: the dispatcher fills the queue, deliveries empty it, egress sees where they go."""

from __future__ import annotations
