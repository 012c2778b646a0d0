#!/usr/bin/python3
"""Every golden sample of config/contract is valid by its schema, every refused one is not.

Needs python3-jsonschema. Exit status 0 when all is as it should be; else each sample that is not is named.
"""
import sys

from tests.support.contract_schemas import CONTRACT, load, validators


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
