"""axe-core's check of the accessibility rules for every page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.ui.conftest import Visitor

AXE = Path(__file__).resolve().parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")


def faults(visitor: Visitor, *rules: str) -> list[str]:
    """axe's findings under WCAG 2.2 A and AA, and its other serious findings: under all rules or under these."""
    visitor.page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")
    if not visitor.page.evaluate("'axe' in window"):
        visitor.page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found: list[dict[str, Any]] = visitor.page.evaluate(f"axe.run({json.dumps(options)}).then((result) => result.violations)")
    return [
        f"{fault['id']}: {node['html']} {node['failureSummary']}"
        for fault in found
        if fault["impact"] in SERIOUS or any(tag.startswith("wcag") for tag in fault["tags"])
        for node in fault["nodes"]
    ]
