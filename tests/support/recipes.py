"""The fenced blocks of config/contract/recipe*.md by their name, and what readings a batch holds, for the tests that run them."""
import json
import os
import pathlib
import re
import subprocess
from decimal import Decimal

from tests.support.contract_schemas import CONTRACT
from tests.support.waiting import PATIENCE

SAMPLES = CONTRACT / "samples"
AGENT = "ice-plant-03-edge-1"  # of the golden samples
EPOCH = "3f2a9c51d07e4b6688aa01c2d3e4f506"
BLOCK = re.compile(r"^```\w+ recipe=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def recipe(name):
    """The text of the block whose info string says recipe=NAME."""
    pages = [file.read_text(encoding="utf-8") for file in sorted(CONTRACT.glob("recipe*.md"))]
    found = [text for page in pages for block, text in BLOCK.findall(page) if block == name]
    assert len(found) == 1, f"{len(found)} blocks recipe={name} in {CONTRACT}/recipe*.md"
    return found[0]


def replaced(text, old, new):
    """What a user would set in a recipe."""
    assert text.count(old) == 1, f"{text.count(old)} times {old!r} in:\n{text}"
    return text.replace(old, new)


def sample(name):
    return (SAMPLES / f"{name}.json").read_bytes()


def intervals():
    """every of the meters of the golden layout."""
    return {meter["name"]: meter["every"] for meter in json.loads(sample("meta"))["meters"]}


def readings(payload, every=None):
    """What the samples of a batch say, as (agent, meter, ts, slot, point, value, quality), all text; written from contract.md."""
    batch = json.loads(payload, parse_float=Decimal)
    found = []
    for record in batch["records"]:
        if "values" not in record or "corrects" in record:
            continue
        q = record.get("q", {})
        slot = record.get("slot")
        if slot is None and every is not None:
            slot = record["ts"] // every[record["meter"]] * every[record["meter"]]
        points = [(point, str(value), q.get(point, "good")) for point, value in record["values"].items()]
        points += [(point, "", quality) for point, quality in q.items() if point not in record["values"]]
        head = (batch["agent"], record["meter"], str(record["ts"]), "" if slot is None else str(slot))
        found += [(*head, *point) for point in points]
    return found


def environment(broker, directory, **more):
    """Where mosquitto's commands find their broker, as recipes.md tells a user to say it."""
    settings = pathlib.Path(directory) / "clients"
    settings.mkdir(exist_ok=True)
    for program in ("mosquitto_sub", "mosquitto_pub"):
        (settings / program).write_text(f"-h 127.0.0.1\n-p {broker.port}\n", encoding="utf-8")
    return {**os.environ, "XDG_CONFIG_HOME": str(settings), **more}


def publish(broker, kind, payload, agent=AGENT, encoding=None, retain=False):
    """One message of an agent, as it is."""
    command = ["mosquitto_pub", "-V", "5", "-q", "1", "-h", "127.0.0.1", "-p", str(broker.port), "-s",
               "-t", f"congto/v1/{agent}/{kind}"]
    if encoding:
        command += ["-D", "publish", "user-property", "content-encoding", encoding]
    if retain:
        command += ["-r"]
    subprocess.run(command, input=payload, check=True, timeout=PATIENCE)
