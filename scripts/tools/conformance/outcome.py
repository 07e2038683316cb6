"""Prints what became of a suite: outcome.py NAME testng-results.xml.

Ends with 1 when a test failed, or when none was run.
"""

import sys
import xml.etree.ElementTree as ET

name, path = sys.argv[1:3]
counts = {"PASS": 0, "FAIL": 0, "SKIP": 0}
failures = []
for method in ET.parse(path).getroot().iter("test-method"):
    if method.get("is-config") == "true" and method.get("status") != "FAIL":
        continue
    status = method.get("status")
    counts[status] = counts.get(status, 0) + 1
    if status == "FAIL":
        where = method.get("signature", method.get("name", "")).split("[")[0]
        message = method.findtext(".//message") or "no message"
        failures.append(f"{where}\n    {method.get('description') or ''}\n    {' '.join(message.split())[:600]}")
for text in failures:
    print("FAIL", text)
print(f"{name}: {counts['PASS']} passed, {counts['FAIL']} failed, {counts['SKIP']} skipped")
sys.exit(1 if counts["FAIL"] or not counts["PASS"] else 0)
