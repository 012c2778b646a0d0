#!/usr/bin/python3
"""Every golden sample of config/contract is valid by its schema, every refused one is not.

Needs python3-jsonschema. Exit status 0 when all is as it should be; else each sample that is not is named.
"""
import json
import pathlib
import sys
import warnings

import jsonschema

# RefResolver is the only way that both Debian releases have; the newer one calls it deprecated.
warnings.simplefilter("ignore", DeprecationWarning)

CONTRACT = pathlib.Path(__file__).resolve().parents[2] / "config" / "contract"


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


def main():
    by_name = validators()
    wrong = []
    valid = sorted((CONTRACT / "samples").glob("*.json"))
    refused = sorted((CONTRACT / "samples" / "refused").glob("*.json"))
    for file in valid + refused:
        # batch-start.json is checked by batch.schema.json.
        errors = list(by_name[file.stem.split("-")[0]].iter_errors(load(file)))
        if errors and file in valid:
            wrong.append(f"{file.name}: {errors[0].json_path}: {errors[0].message}")
        if not errors and file in refused:
            wrong.append(f"refused/{file.name}: valid by the schema")
    if len(valid) < 15 or len(refused) < 10:
        wrong.append(f"only {len(valid)} samples and {len(refused)} refused ones in {CONTRACT}")
    print("\n".join(wrong) or f"{len(valid)} samples are valid, {len(refused)} are refused")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
