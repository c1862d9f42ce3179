"""Outgoing webhooks: the dispatcher fills the queue, delivery empties it, egress checks the addresses."""

from __future__ import annotations
