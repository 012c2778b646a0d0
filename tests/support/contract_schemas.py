"""The JSON Schemas of config/contract, ready to validate with: for their own test, and for every message that a test receives."""
import json
import pathlib
import warnings

import jsonschema

# RefResolver is the only way that both Debian releases have; the newer one calls it deprecated.
warnings.simplefilter("ignore", DeprecationWarning)

CONTRACT = pathlib.Path(__file__).resolve().parents[2] / "config" / "contract"
# which schema a topic's payload obeys
SCHEMA_OF = {"up/data": "batch", "up/backfill": "batch", "up/status": "status", "up/online": "online", "up/meta": "meta",
             "down/ack": "ack", "down/request": "request"}


def asyncapi():
    """asyncapi.yaml; needs python3-yaml, which no other test does."""
    import yaml
    return yaml.safe_load((CONTRACT / "asyncapi.yaml").read_text(encoding="utf-8"))


def load(file):
    return json.loads(file.read_text(encoding="utf-8"))


def validators():
    schemas = {file.name.removesuffix(".schema.json"): load(file) for file in CONTRACT.glob("*.schema.json")}
    store = {schema["$id"]: schema for schema in schemas.values()}
    found = {}
    for name, schema in schemas.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        resolver = jsonschema.RefResolver.from_schema(schema, store=store)
        found[name] = jsonschema.Draft202012Validator(schema, resolver=resolver)
    return found
