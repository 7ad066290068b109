"""Writes EventLogTags.java for each list of event tags below the folder, as Android's build does.

`event_tags.py SOURCES TARGET`
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

TYPES = {"1": "int", "2": "long", "3": "String"}


def java(package: str, tags: str) -> str:
    """Returns the class for the lines of a .logtags file: a constant and an empty method for each tag."""
    lines = [f"package {package};", "public class EventLogTags {"]
    for number, name, rest in re.findall(r"^(\d+)\s+(\w+)\s*(.*)", tags, re.MULTILINE):
        parameters = []
        for parameter, kind in re.findall(r"\((\w+)\|(\d)", rest):
            camel = re.sub(r"_(\w)", lambda match: match[1].upper(), parameter)
            parameters.append(f"{TYPES.get(kind, 'Object')} {camel}")
        method = "write" + "".join(part.capitalize() for part in name.split("_"))
        lines.append(f"  public static final int {name.upper()} = {number};")
        lines.append(f"  public static void {method}({', '.join(parameters)}) {{}}")
    return "\n".join([*lines, "}", ""])


def main() -> None:
    """Writes the classes."""
    sources, target = map(Path, sys.argv[1:])
    for tags in sources.rglob("*.logtags"):
        folder = tags.relative_to(sources).parent
        (target / folder).mkdir(parents=True, exist_ok=True)
        (target / folder / "EventLogTags.java").write_text(java(".".join(folder.parts), tags.read_text()))


if __name__ == "__main__":
    main()
